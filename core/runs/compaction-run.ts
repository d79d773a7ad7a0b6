import type { Collection, ShardName } from "../../contract/collections.ts";
import type { DocumentRef } from "../documents/documents.ts";

export type RunState = "PENDING" | "PROCESSING" | "COMPLETED" | "FAILED";

/** One collection's half of a run. */
export interface RunHalf {
  readonly state: RunState;
  /** Key of the delta without its extension (core/deltas/keys.ts adds it). */
  readonly deltaPrefix: string;
  /** Fencing token of the last transition's holder; 0 before any. */
  readonly token: number;
  /** The shard whose lease issued the token; absent before any transition. */
  readonly shard?: ShardName;
  /** Failures caused by the run itself that compaction has counted in this attempt. */
  readonly failures: number;
  readonly error?: string;
  readonly mergedVectors?: number;
}

/**
 * A CompactionRun item: one embedded version of a document's content, which compaction merges into both collections.
 */
export interface CompactionRun extends DocumentRef {
  readonly runId: string;
  /** 1 for a new run; reopening sets the higher attempt that CURRENT requires. */
  readonly attempts: number;
  readonly rejectedRows: number;
  /** ISO times. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** The span that opened it; absent if the run was not traced. */
  readonly traceparent?: string;
  readonly halves: Readonly<Record<Collection, RunHalf>>;
}
