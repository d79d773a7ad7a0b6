import type { Sink } from "../../../contract/catch-up-sinks.ts";
import type { VectorBytes } from "../../embedding/embedder.ts";
import type { CellValue } from "../records/cell-value.ts";
import type { MetadataLimits } from "../records/metadata-limits.ts";

/** A vector for a sink. */
export interface SinkVector {
  readonly id: string;
  readonly vector: VectorBytes;
  readonly metadata: Readonly<Record<string, CellValue>>;
}

/** The limits of writes to a sink. */
export interface SinkLimits extends MetadataLimits {
  /** Vectors per upsert. */
  readonly vectors: number;
  /** Bytes per upsert. */
  readonly bytes: number;
  /** Bytes of one number of a vector, within `bytes`. */
  readonly bytesPerNumber: number;
  /** Concurrent upserts of one process. */
  readonly inFlight: number;
}

export interface SinkDescription {
  /** Undefined if the sink does not report it, or has no data of the namespace yet. */
  readonly dimension: number | undefined;
  /** Whether the namespace has, or had, vectors. */
  readonly isUsed: boolean;
}

/** The vector store to which catch-up writes. `sinkContract` is the test suite of its implementations. */
export interface VectorSink {
  readonly sink: Sink;
  readonly limits: SinkLimits;
  /**
   * Writes a batch of vectors within the limits; each replaces the vector of its id with all of its metadata. Throws
   * VectorsRefusedError if the sink refuses the batch because of its content, otherwise another error of index-errors.ts.
   */
  upsert(namespace: string, vectors: readonly SinkVector[]): Promise<void>;
  /** Ids that do not exist are ignored. */
  delete(namespace: string, ids: readonly string[]): Promise<void>;
  /** The metadata `content_hash` of the existing vectors that have one. */
  contentHashes(namespace: string, ids: readonly string[]): Promise<Map<string, string>>;
  /** Throws IndexNotAllowedError if writes are impossible. */
  describe(namespace: string): Promise<SinkDescription>;
}
