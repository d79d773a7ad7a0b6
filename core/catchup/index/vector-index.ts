import type { CellValue } from "../records/cell-value.ts";

/** A vector for the index. */
export interface IndexVector {
  readonly id: string;
  readonly values: number[];
  readonly metadata: Record<string, CellValue>;
}

/** The hosted index that catch-up fills: Pinecone, or a sink in a benchmark. */
export interface VectorIndex {
  /**
   * Upserts a batch of vectors that fits one request. Throws VectorsRefusedError if the index refuses the batch because
   * of its content, otherwise another VectorkeepError.
   */
  upsert(namespace: string, vectors: readonly IndexVector[]): Promise<void>;
  /** The metadata `content_hash` of the existing vectors that have one. */
  contentHashes(namespace: string, ids: readonly string[]): Promise<Map<string, string>>;
  /** The dimensions of the index; undefined if unknown. */
  dimension(): Promise<number | undefined>;
}
