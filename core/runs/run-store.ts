import type { Collection, ShardName } from "../../contract/collections.ts";
import type { DocumentRef } from "../documents/documents.ts";
import type { CompactionRun } from "./compaction-run.ts";
import type { CurrentRun, NextCurrent } from "./current-run.ts";

export interface RunRef extends DocumentRef {
  readonly runId: string;
}

/** Returns the CURRENT item of one of the documents that were read. */
export type CurrentOf = (document: DocumentRef) => CurrentRun | undefined;

export interface NewRun extends RunRef {
  readonly deltaPrefixes: Readonly<Record<Collection, string>>;
  readonly rejectedRows: number;
}

/**
 * Stores the runs (source table), and the current run of each document and the list of open runs (control table). A
 * holder is a shard and the fencing token of its lease; tokens of different shards are not comparable, because the
 * collection was resharded in between. All methods throw ItemUnreadableError for an item that does not match its schema
 * or key.
 */
export interface RunStore {
  current(document: DocumentRef): Promise<CurrentRun | undefined>;
  /**
   * Reads the CURRENT items of these documents together. The result returns the item of one of them, and throws if that
   * item alone is unreadable or was not answered.
   */
  currents(documents: readonly DocumentRef[]): Promise<CurrentOf>;
  /** Writes CURRENT conditionally. `refused` if it has changed since it was read: read it again and decide again. */
  moveCurrent(
    document: DocumentRef,
    from: CurrentRun | undefined,
    to: NextCurrent,
  ): Promise<"moved" | "refused">;
  find(run: RunRef): Promise<CompactionRun | undefined>;
  /** Lists the run as open, then puts it if absent. Idempotent. */
  open(run: NewRun): Promise<void>;
  /** Lists the run as open, then sets both halves PENDING with `attempts = attempt`, if they were lower. Idempotent. */
  reopen(run: RunRef, attempt: number): Promise<void>;
  /**
   * PENDING | FAILED | PROCESSING -> PROCESSING, if the fencing token is at least the stored one or the stored one
   * belongs to another shard. `completed`: the half is COMPLETED. `fenced`: a higher token holds it. `missing`: there
   * is no such run.
   */
  start(
    run: RunRef,
    shard: ShardName,
    token: number,
  ): Promise<"started" | "completed" | "fenced" | "missing">;
  /**
   * PROCESSING -> COMPLETED if the stored holder is this one. Also FAILED -> COMPLETED, if the run was given up while
   * the holder processed it. Removes the open entry once both halves are COMPLETED.
   */
  complete(run: RunRef, shard: ShardName, token: number, mergedVectors: number): Promise<"moved" | "fenced">;
  /**
   * PROCESSING -> FAILED if the stored holder is this one. Counts one failure and resolves to the failures of this
   * attempt.
   */
  fail(run: RunRef, shard: ShardName, token: number, reason: string): Promise<number | "fenced">;
  /**
   * PENDING | PROCESSING -> FAILED for any holder. Resolves to false if a half has changed since it was read, because
   * the run was reopened, started or finished. Idempotent.
   */
  giveUp(run: CompactionRun, reason: string): Promise<boolean>;
}
