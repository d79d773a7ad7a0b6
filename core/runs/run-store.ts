import type { Collection, ReceiptRef } from "../receipts/receipt.ts";
import type { ShardName } from "../receipts/shards.ts";
import type { CompactionRun } from "./compaction-run.ts";
import type { CurrentRun, NextCurrent } from "./current-run.ts";

export interface RunRef extends ReceiptRef {
  readonly runId: string;
}

export interface NewRun extends RunRef {
  readonly deltaPrefixes: Readonly<Record<Collection, string>>;
  readonly rejectedRows: number;
}

/**
 * All methods throw ItemUnreadableError for an item that is not what its key says.
 *
 * Runs (receipts table), the current run of each receipt and the list of open runs (control table).
 * A holder is a shard and the fencing token of its lease. Tokens of another shard's lease say nothing about it: since
 * they were counted, the collection was split otherwise.
 */
export interface RunStore {
  current(receipt: ReceiptRef): Promise<CurrentRun | undefined>;
  /** One conditional write. Refused when CURRENT is not what it was: look again, and decide again. */
  moveCurrent(
    receipt: ReceiptRef,
    from: CurrentRun | undefined,
    to: NextCurrent,
  ): Promise<"moved" | "refused">;
  find(run: RunRef): Promise<CompactionRun | undefined>;
  /** Lists the run as open, then puts it if absent. Safe to repeat. */
  open(run: NewRun): Promise<void>;
  /** Lists the run as open, then sets both halves PENDING with `attempts = attempt`, if they were lower. Safe to repeat. */
  reopen(run: RunRef, attempt: number): Promise<void>;
  /**
   * PENDING | FAILED | PROCESSING -> PROCESSING by a higher fencing token, or an equal one (its own), or by another shard.
   * `completed` when the half is COMPLETED; `fenced` when a higher token holds it; `missing` when there is no such run.
   */
  start(
    run: RunRef,
    shard: ShardName,
    token: number,
  ): Promise<"started" | "completed" | "fenced" | "missing">;
  /**
   * PROCESSING -> COMPLETED if the stored holder is this one, and FAILED -> COMPLETED too: the run was given up while
   * its holder was at it. The open entry goes when both halves are COMPLETED.
   */
  complete(run: RunRef, shard: ShardName, token: number, mergedVectors: number): Promise<"moved" | "fenced">;
  /** PROCESSING -> FAILED if the stored holder is this one; counts one failure. Resolves to the failures of this attempt. */
  fail(run: RunRef, shard: ShardName, token: number, reason: string): Promise<number | "fenced">;
  /**
   * PENDING | PROCESSING -> FAILED, whoever holds the halves. False where one of them is not as it was read: its run
   * was re-opened, or somebody has started or finished it meanwhile. Safe to repeat.
   */
  giveUp(run: CompactionRun, reason: string): Promise<boolean>;
}
