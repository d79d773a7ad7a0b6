import type { Collection } from "../receipts/receipt.ts";

/** Flat metadata of a vector, one type a key (design section 3). A float key holds a JSON number. */
export type VectorMetadata = Record<string, string | number | boolean>;

/** All vectors of one receipt in one collection, as one run made them. Immutable once stored. */
export interface Delta {
  readonly collection: Collection;
  readonly imageId: string;
  readonly receiptId: number;
  readonly runId: string;
  readonly model: string;
  readonly dimensions: number;
  /** Version of the rules that made the embedded texts, for example `receipt-text/1`. */
  readonly textFormat: string;
  /** ids, documents and metadatas run in parallel and have one entry a vector. */
  readonly ids: readonly string[];
  readonly documents: readonly string[];
  readonly metadatas: readonly VectorMetadata[];
  /** Little-endian float32, `ids.length * dimensions * 4` bytes, in the order of `ids`. */
  readonly vectors: Uint8Array;
}
