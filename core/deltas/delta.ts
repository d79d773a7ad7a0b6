import type { Collection } from "../../contract/collections.ts";

/** Flat metadata of a vector, with one type per key (design section 3). A float key holds a JSON number. */
export type VectorMetadata = Record<string, string | number | boolean>;

/** All vectors of one receipt in one collection, from one run. Immutable once stored. */
export interface Delta {
  readonly collection: Collection;
  readonly imageId: string;
  readonly receiptId: number;
  readonly runId: string;
  readonly model: string;
  readonly dimensions: number;
  /** Version of the rules that made the embedded texts, for example `receipt-text/1`. */
  readonly textFormat: string;
  /** ids, documents and metadatas are parallel arrays with one entry per vector. */
  readonly ids: readonly string[];
  readonly documents: readonly string[];
  readonly metadatas: readonly VectorMetadata[];
  /** Little-endian float32, `ids.length * dimensions * 4` bytes, in the order of `ids`. */
  readonly vectors: Uint8Array;
}
