import type { SinkLimits, SinkVector } from "../catchup/index/vector-sink.ts";

/** A vector of the mirror without its numbers. */
export interface MirroredRef {
  readonly id: string;
  /** Undefined if another program wrote the vector. */
  readonly contentHash: string | undefined;
}

/** The vector index that mirrors one shard. */
export interface MirrorIndex {
  readonly limits: SinkLimits;
  /** Differs for an index that was deleted and created again, which is empty. */
  identity(): Promise<string>;
  /** Each vector replaces the one with its id. */
  upsert(vectors: readonly SinkVector[]): Promise<void>;
  /** Ids that do not exist are ignored. */
  delete(ids: readonly string[]): Promise<void>;
  /** All vectors, in pages. Vectors that are written meanwhile may be missing. */
  list(): AsyncIterable<readonly MirroredRef[]>;
}
