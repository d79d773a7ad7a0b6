import { randomFrom } from "../../bench/random.ts";
import { imageOf } from "../../bench/receipts.ts";
import type { Delta } from "../../core/deltas/delta.ts";
import { fiveDigits, type ReceiptRef, receiptKey } from "../../core/receipts/receipt.ts";

export const dimensions = 1_536;
export const model = "random-vectors-by-topic";
export const linesPerReceipt = 100;
/** Texts have topics. Without topics, vectors of that many dimensions are all equally far apart, and no graph finds one. */
const topics = 200;

/** Each receipt is the only one of its image. */
export function receiptAt(receipt: number): ReceiptRef {
  return { imageId: imageOf(receipt), receiptId: 1 };
}

export function lineIdAt(receipt: number, line: number): string {
  return `${receiptKey(receiptAt(receipt))}#LINE#${fiveDigits(line)}`;
}

/** The delta of a receipt of a hundred lines. Made from its number alone, so that none of them need be kept. */
export function deltaAt(receipt: number): Delta {
  const random = randomFrom(receipt + 1);
  const vectors = Array.from({ length: linesPerReceipt }, () => vectorOn(receipt, random));
  const lines = Array.from({ length: linesPerReceipt }, (_, index) => index + 1);
  return {
    collection: "lines",
    ...receiptAt(receipt),
    runId: "scale",
    model,
    dimensions,
    textFormat: "scale",
    ids: lines.map((line) => lineIdAt(receipt, line)),
    documents: lines.map((line) => textOf(receipt, line)),
    metadatas: lines.map((line) => ({
      image_id: imageOf(receipt),
      receipt_id: 1,
      line_id: line,
      text: textOf(receipt, line),
      x: 0.5,
      y: 1 - line / 128,
      width: 0.5,
      height: 0.0078125,
      confidence: 1,
    })),
    vectors: Buffer.concat(vectors.map(({ buffer }) => Buffer.from(buffer))),
  };
}

/** A vector near that of a line, and far nearer than to any other, of the same topic too. */
export function nearLine(receipt: number, line: number): Float32Array<ArrayBuffer> {
  const random = randomFrom(receipt + 1);
  let vector = vectorOn(receipt, random);
  for (let before = 1; before < line; before += 1) vector = vectorOn(receipt, random);
  return sumOf(vector, unitVector(randomFrom(-receipt - line)), 0.5);
}

const centres = new Map<number, Float32Array>();

/** Half of it is the topic of the receipt, half is its own. */
function vectorOn(receipt: number, random: () => number): Float32Array<ArrayBuffer> {
  const topic = receipt % topics;
  const centre = centres.get(topic) ?? unitVector(randomFrom(1_000_000 + topic));
  centres.set(topic, centre);
  return normalised(sumOf(unitVector(random), centre, 1));
}

function sumOf(
  one: Float32Array<ArrayBuffer>,
  other: Float32Array,
  share: number,
): Float32Array<ArrayBuffer> {
  return one.map((value, index) => value + share * (other[index] ?? 0));
}

function unitVector(random: () => number): Float32Array<ArrayBuffer> {
  return normalised(Float32Array.from({ length: dimensions }, () => random() - 0.5));
}

function normalised(vector: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const length = Math.sqrt(vector.reduce((squares, value) => squares + value * value, 0));
  return vector.map((value) => value / length);
}

function textOf(receipt: number, line: number): string {
  return `line ${line} of receipt ${receipt}`;
}
