import type { Delta } from "../../../core/deltas/delta.ts";
import { image } from "../receipts/rows-of.ts";

/** A delta of two vectors in three dimensions. */
export function deltaOf(changes: Partial<Delta> = {}): Delta {
  return {
    collection: "lines",
    imageId: image,
    receiptId: 1,
    runId: "0123456789abcdef0123456789abcdef",
    model: "text-embedding-3-small",
    dimensions: 3,
    textFormat: "receipt-text/1",
    ids: ["one", "two"],
    documents: ["COFFEE", "TOTAL"],
    metadatas: [{ line_id: 1 }, { line_id: 2 }],
    vectors: Buffer.from(new Float32Array([1, 2, 3, 4, 5, 6]).buffer),
    ...changes,
  };
}
