import type { Collection, ReceiptRef } from "../receipts/receipt.ts";
import type { ShardName } from "../receipts/shards.ts";

export type RunState = "PENDING" | "PROCESSING" | "COMPLETED" | "FAILED";

/** One collection's half of a run. */
export interface RunHalf {
  readonly state: RunState;
  /** Key of the delta without its extension (core/deltas/keys.ts adds it). */
  readonly deltaPrefix: string;
  /** Fencing token of the holder that made the last move; 0 before any. */
  readonly token: number;
  /** The shard whose lease counts the token; absent before any move. */
  readonly shard?: ShardName;
  /** Own-reason failures counted by compaction in this attempt. */
  readonly failures: number;
  readonly error?: string;
  readonly mergedVectors?: number;
}

/** A CompactionRun item: one embedded content of one receipt, on its way into both collections. */
export interface CompactionRun extends ReceiptRef {
  readonly runId: string;
  /** 1 for a new run; re-opening it sets the attempt that CURRENT asks for, which is higher. */
  readonly attempts: number;
  readonly rejectedRows: number;
  /** ISO times. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly halves: Readonly<Record<Collection, RunHalf>>;
}
