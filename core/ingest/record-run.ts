import { collections } from "../../contract/collections.ts";
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

/** How a run at a revision relates to the receipt's CURRENT item. */
export type RunPrecedence =
  /** The run is current, and in flight or completed. */
  | { readonly kind: "unchanged" }
  /** A newer run is current. */
  | { readonly kind: "superseded" }
  /** The run is current, but a crash left it at a lower attempt than CURRENT requires. */
  | { readonly kind: "behind"; readonly current: CurrentRun }
  /** The run must become current: it never was, it failed, or parts of it were removed before the message was sent. */
  | { readonly kind: "new"; readonly current: CurrentRun | undefined };

export type Recorded = "unchanged" | "superseded" | "opened" | "reopened";

export interface RunDeps {
  readonly runs: RunStore;
  readonly queues: RunQueues;
}

/** The deltas of a run, and the version of CURRENT when they were found or stored (0: no item). */
export interface DurableDeltas {
  readonly version: number;
  /** Checks whether they exist now. */
  areThere(): Promise<boolean>;
}

/**
 * A later message of the current run raises its revision, so that messages sent in between are superseded. Throws
 * DeltasExpiringError for a run that is not current and whose deltas are being removed.
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
    // The stream announces only the first attempt. For a later attempt, only its completion proves that it was
    // announced.
    const isAnnounced = known.attempts === 1 || states.every((state) => state === "COMPLETED");
    return isAnnounced ? { kind: "unchanged" } : { kind: "behind", current };
  }
}

/**
 * Makes a run current and opens it. Both its deltas must be durable. After a crash between two steps the redelivered
 * message finds the remaining steps by `precedence`. Throws DeltasExpiringError if the deltas were removed since they
 * were found.
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

    // Removing deltas changes the version of CURRENT, so if the version is unchanged they still exist.
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

/** Opens the run at the attempt that CURRENT requires; the stream announces only a run's first attempt. */
async function bringUp({ runs, queues }: RunDeps, run: NewRun, current: NextCurrent): Promise<Recorded> {
  await runs.open(run);
  if (current.attempt === 1) return "opened";
  await runs.reopen(run, current.attempt);
  const reopened = await runs.find(run);
  if (reopened) await queues.redrive(reopened, new Date(current.revision).toISOString());
  return "reopened";
}
