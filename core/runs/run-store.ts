import type { Collection, ShardName } from "../../contract/collections.ts";
import type { DocumentRef } from "../documents/documents.ts";
import type { CompactionRun } from "./compaction-run.ts";
import type { CurrentRun, NextCurrent } from "./current-run.ts";

export interface RunRef extends DocumentRef {
  readonly runId: string;
}

/** The CURRENT item of a document that was asked for. */
export type CurrentOf = (document: DocumentRef) => CurrentRun | undefined;

export interface NewRun extends RunRef {
  readonly deltaPrefixes: Readonly<Record<Collection, string>>;
  readonly rejectedRows: number;
}

/**
 * All methods throw ItemUnreadableError for an item that does not match its key.
 *
 * Runs (source table), the current run of each document and the list of open runs (control table). A holder is a shard
 * and the fencing token of its lease. Tokens of another shard are not comparable: the collection was resharded since.
 */
export interface RunStore {
  current(document: DocumentRef): Promise<CurrentRun | undefined>;
  /**
   * Of all these documents, read together. What is resolved to answers for one of them, and throws where its item alone cannot
   * be read or was not answered.
   */
  currents(documents: readonly DocumentRef[]): Promise<CurrentOf>;
  /** One conditional write. Refused if CURRENT has changed: read it and decide again. */
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
   * PENDING | FAILED | PROCESSING -> PROCESSING by a higher fencing token, or an equal one (its own), or by another shard.
   * `completed` when the half is COMPLETED; `fenced` when a higher token holds it; `missing` when there is no such run.
   */
  start(
    run: RunRef,
    shard: ShardName,
    token: number,
  ): Promise<"started" | "completed" | "fenced" | "missing">;
  /**
   * PROCESSING -> COMPLETED if the stored holder is this one; also FAILED -> COMPLETED, if the run was given up while
   * the holder processed it. Removes the open entry when both halves are COMPLETED.
   */
  complete(run: RunRef, shard: ShardName, token: number, mergedVectors: number): Promise<"moved" | "fenced">;
  /** PROCESSING -> FAILED if the stored holder is this one; counts one failure. Resolves to the failures of this attempt. */
  fail(run: RunRef, shard: ShardName, token: number, reason: string): Promise<number | "fenced">;
  /**
   * PENDING | PROCESSING -> FAILED for any holder. False if a half has changed since it was read: the run was reopened,
   * started or finished meanwhile. Idempotent.
   */
  giveUp(run: CompactionRun, reason: string): Promise<boolean>;
}
