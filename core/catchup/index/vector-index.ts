import type { CellValue } from "../records/cell-value.ts";

/** A vector as the index takes it. */
export interface IndexVector {
  readonly id: string;
  readonly values: number[];
  readonly metadata: Record<string, CellValue>;
}

/** The hosted index that catch-up fills: Pinecone, or a sink in a benchmark. */
export interface VectorIndex {
  /**
   * Writes some vectors, at most as many as one request takes; a vector of the same id is replaced. Throws
   * VectorsRefusedError where the index takes none of them because of what they hold, a VectorkeepError otherwise.
   */
  upsert(namespace: string, vectors: readonly IndexVector[]): Promise<void>;
  /** The metadata `content_hash` of those vectors that are there and have one. */
  contentHashes(namespace: string, ids: readonly string[]): Promise<Map<string, string>>;
  /** How many numbers each vector of the index has; undefined where it does not tell. */
  dimension(): Promise<number | undefined>;
}
