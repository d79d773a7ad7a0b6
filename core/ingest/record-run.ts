import { collections } from "../receipts/receipt.ts";
import {
  bringsBack,
  type CurrentRun,
  countsOver,
  isExpiring,
  madeCurrent,
  type NextCurrent,
  nextAttempt,
} from "../runs/current-run.ts";
import type { RunQueues } from "../runs/run-queues.ts";
import type { NewRun, RunRef, RunStore } from "../runs/run-store.ts";
import { DeltasExpiringError } from "./ingest-errors.ts";

/** Where a receipt stands, seen from a message that brings one run at one revision. */
export type RunPrecedence =
  /** The run counts and is on its way, or arrived. */
  | { readonly kind: "unchanged" }
  /** Something newer counts. */
  | { readonly kind: "superseded" }
  /** The run counts; a crash or a restart left it behind the attempt that CURRENT asks for. */
  | { readonly kind: "behind"; readonly current: CurrentRun }
  /** The run has to be made current: it does not count yet, it failed, or parts of it were removed before the message. */
  | { readonly kind: "new"; readonly current: CurrentRun | undefined };

export type Recorded = "unchanged" | "superseded" | "opened" | "reopened";

export interface RunDeps {
  readonly runs: RunStore;
  readonly queues: RunQueues;
}

/** The deltas of a run as they were found or stored, while CURRENT was at a version (0: there was none). */
export interface DurableDeltas {
  readonly version: number;
  /** Looks whether they are there now. */
  areThere(): Promise<boolean>;
}

/**
 * A later message of the run that counts makes it count from then on, so that nothing sent between them does.
 * Throws DeltasExpiringError for a run that does not count and is about to lose its deltas.
 */
export async function precedence(runs: RunStore, run: RunRef, revision: number): Promise<RunPrecedence> {
  for (;;) {
    const current = await runs.current(run);
    const now = Date.now();
    const isLater = countsOver(current, { runId: run.runId, revision }, now);
    if (current?.runId !== run.runId || current.state !== "ACTIVE") {
      if (current && isLater && isExpiring(current, run.runId, now)) throw new DeltasExpiringError(run);
      return isLater ? { kind: "new", current } : { kind: "superseded" };
    }
    const known = await runs.find(run);
    const states = collections.map((collection) => known?.halves[collection].state);
    const isBehind = !known || known.attempts < current.attempt;
    const hasFailed = !isBehind && states.includes("FAILED");
    if (isLater && (hasFailed || bringsBack(current, revision))) return { kind: "new", current };
    if (isLater) {
      const confirmed = madeCurrent(current, current, revision);
      if ((await runs.moveCurrent(run, current, confirmed)) === "refused") continue;
    }
    if (isBehind) return { kind: "behind", current };
    // The stream announces a first attempt. Whether a later one was announced, only its completion tells.
    const isAnnounced = known.attempts === 1 || states.every((state) => state === "COMPLETED");
    return isAnnounced ? { kind: "unchanged" } : { kind: "behind", current };
  }
}

/**
 * Makes a run the one that counts and opens it. Both its deltas are durable before. Each step may be the last
 * before a crash; the redelivered message finds the rest to do by `standing`.
 * Throws DeltasExpiringError where the deltas were removed since they were found.
 */
export async function recordRun(
  deps: RunDeps,
  run: NewRun,
  revision: number,
  deltas: DurableDeltas,
): Promise<Recorded> {
  const { runs } = deps;
  for (;;) {
    const before = await precedence(runs, run, revision);
    if (before.kind === "unchanged" || before.kind === "superseded") return before.kind;
    if (before.kind === "behind") return await bringUp(deps, run, before.current);

    // Deltas are removed under a version of CURRENT of its own, so at the version of the look they are still there.
    const isSeen = versionOf(before.current) === deltas.version;
    if (!isSeen && !(await deltas.areThere())) throw new DeltasExpiringError(run);

    const attempt = nextAttempt(before.current, run.runId, (await runs.find(run))?.attempts ?? 0);
    const next = madeCurrent(before.current, { runId: run.runId, attempt }, revision);
    const moved = await runs.moveCurrent(run, before.current, next);
    if (moved === "moved") return await bringUp(deps, run, next);
  }
}

export function versionOf(current: CurrentRun | undefined): number {
  return current?.version ?? 0;
}

/** Opens the run at the attempt that CURRENT asks for; the stream announces only a run's first attempt. */
async function bringUp({ runs, queues }: RunDeps, run: NewRun, current: NextCurrent): Promise<Recorded> {
  await runs.open(run);
  if (current.attempt === 1) return "opened";
  await runs.reopen(run, current.attempt);
  const reopened = await runs.find(run);
  if (reopened) await queues.redrive(reopened, new Date(current.revision).toISOString());
  return "reopened";
}
