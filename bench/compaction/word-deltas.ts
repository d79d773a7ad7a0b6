import { encodeDelta } from "../../core/deltas/codec.ts";
import type { DeltaStore } from "../../core/deltas/delta-store.ts";
import { type DeltaName, deltaKey, deltaPrefix } from "../../core/deltas/keys.ts";
import { planWords } from "../../core/receipts/planned-vectors.ts";
import { wordReceipts, wordsPerLine } from "../changes/word-receipts.ts";
import type { BenchReceipt } from "../receipts.ts";
import { VectorsOfTexts } from "../services/vectors-of-texts.ts";
import { dimensions, model } from "../surroundings.ts";

export const wordsPerReceipt = 100;
const collection = "words";
const runId = "bench";

/** Stores the deltas of `count` receipts of a hundred words, and resolves to the receipts. */
export async function storeWordDeltas(deltas: DeltaStore, count: number): Promise<BenchReceipt[]> {
  const vectorsOf = new VectorsOfTexts(dimensions);
  const receipts = wordReceipts(count, wordsPerReceipt / wordsPerLine);
  for (const receipt of receipts) {
    const planned = planWords(receipt.words);
    const delta = encodeDelta({
      ...nameOf(receipt),
      model,
      dimensions,
      textFormat: "bench",
      ids: planned.map(({ id }) => id),
      documents: planned.map(({ document }) => document),
      metadatas: planned.map(({ metadata }) => metadata),
      vectors: Buffer.concat(planned.map(({ text }) => bytesOf(vectorsOf.floats(text)))),
    });
    await deltas.put(deltaKeyOf(receipt), delta);
  }
  return receipts;
}

export function nameOf({ imageId, receiptId }: BenchReceipt): DeltaName {
  return { collection, imageId, receiptId, runId };
}

export function deltaKeyOf(receipt: BenchReceipt): string {
  return deltaKey(deltaPrefix(nameOf(receipt)));
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
