import type { Delta } from "../../../core/deltas/delta.ts";
import { fiveDigits, receiptKey } from "../../../core/receipts/receipt.ts";
import { imageId, model } from "../../unit/collections/sample-deltas.ts";

export const dimensions = 16;
export const vectors = 2_000;
const receiptOf = (n: number) => ({ imageId: imageId(n), receiptId: 1 });
const linesPerReceipt = 40;

/** Lines of receipts of which every second one is one of ten texts, as TOTAL and CASH are on real ones. */
export function repeatedVectors(): Delta[] {
  const random = generator(7);
  const numbers = () => Array.from({ length: dimensions }, () => Math.fround(random() * 2 - 1));
  const repeated = Array.from({ length: 10 }, numbers);
  return Array.from({ length: vectors / linesPerReceipt }, (_, receipt) => {
    const ref = receiptOf(receipt + 1);
    const lines = Array.from({ length: linesPerReceipt }, (_, line) => {
      const which = line % 2 === 0 ? Math.floor(random() * 10) : undefined;
      return which === undefined
        ? { text: `text ${receipt} ${line}`, vector: numbers() }
        : { text: `repeated ${which}`, vector: repeated[which] ?? [] };
    });
    return {
      collection: "lines",
      ...ref,
      runId: "run",
      model,
      dimensions,
      textFormat: "receipt-text/1",
      ids: lines.map((_, line) => `${receiptKey(ref)}#LINE#${fiveDigits(line + 1)}`),
      documents: lines.map(({ text }) => text),
      metadatas: lines.map((_, line) => ({ image_id: ref.imageId, receipt_id: 1, line_id: line + 1 })),
      vectors: new Uint8Array(new Float32Array(lines.flatMap(({ vector }) => vector)).buffer),
    };
  });
}

export function isRepeated(document: string): boolean {
  return document.startsWith("repeated ");
}

/** Mulberry32: the same numbers in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
