import type { Collection } from "../../contract/collections.ts";
import type { DocumentRef } from "../documents/documents.ts";

/** Flat metadata of a vector, with one type per key. A float key holds a JSON number. */
export type VectorMetadata = Record<string, string | number | boolean>;

/** All vectors of one document in one collection, from one run. Immutable once stored. */
export interface Delta extends DocumentRef {
  readonly collection: Collection;
  readonly runId: string;
  readonly model: string;
  readonly dimensions: number;
  /** Version of the rules that produced the embedded texts. */
  readonly textFormat: string;
  /** ids, documents and metadatas are parallel arrays with one entry per vector. */
  readonly ids: readonly string[];
  readonly documents: readonly string[];
  readonly metadatas: readonly VectorMetadata[];
  /** Little-endian float32, `ids.length * dimensions * 4` bytes, in the order of `ids`. */
  readonly vectors: Uint8Array;
}
