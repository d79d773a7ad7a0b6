import { collections } from "../receipts/receipt.ts";
import type { CurrentRun } from "../runs/compaction-run.ts";
import type { NewRun, RunRef, RunStore } from "../runs/run-store.ts";
import type { RunQueues } from "./run-queues.ts";

/** Where a receipt stands, seen from a message that brings one run at one revision. */
export type Standing =
  /** The run counts and is on its way, or arrived. */
  | { readonly kind: "unchanged" }
  /** Something newer counts. */
  | { readonly kind: "superseded" }
  /** The run counts; a crash or a restart left it behind the attempt that CURRENT asks for. */
  | { readonly kind: "behind"; readonly current: CurrentRun }
  /** The run has to be made current: it does not count yet, or it failed and the message is a later one. */
  | { readonly kind: "new" };

export type Recorded = "unchanged" | "superseded" | "opened" | "reopened";

export interface RunServices {
  readonly runs: RunStore;
  readonly queues: RunQueues;
}

/** A later message of the run that counts makes it count from then on, so that nothing sent between them does. */
export async function standing(runs: RunStore, run: RunRef, revision: number): Promise<Standing> {
  for (;;) {
    const current = await runs.current(run);
    const isLater = !current || revision > current.revision;
    if (current?.runId !== run.runId || current.state !== "ACTIVE") {
      return { kind: isLater ? "new" : "superseded" };
    }
    const known = await runs.find(run);
    if (!known || known.attempts < current.attempt) return { kind: "behind", current };
    const states = collections.map((collection) => known.halves[collection].state);
    if (isLater && states.includes("FAILED")) return { kind: "new" };
    if (isLater && (await runs.confirmCurrent(run, revision)) === "refused") continue;
    // The stream announces a first attempt. Whether a later one was announced, only its completion tells.
    const isAnnounced = known.attempts === 1 || states.every((state) => state === "COMPLETED");
    return isAnnounced ? { kind: "unchanged" } : { kind: "behind", current };
  }
}

/**
 * Makes a run the one that counts and opens it. Both its deltas are durable before. Each step may be the last
 * before a crash; the redelivered message finds the rest to do by `standing`.
 */
export async function recordRun(services: RunServices, run: NewRun, revision: number): Promise<Recorded> {
  const { runs } = services;
  for (;;) {
    const before = await standing(runs, run, revision);
    if (before.kind === "unchanged" || before.kind === "superseded") return before.kind;
    if (before.kind === "behind") return await bringUp(services, run, before.current);

    const known = await runs.find(run);
    const next: CurrentRun = {
      runId: run.runId,
      revision,
      state: "ACTIVE",
      attempt: (known?.attempts ?? 0) + 1,
    };
    if ((await runs.makeCurrent(run, next)) === "moved") return await bringUp(services, run, next);
  }
}

/** Opens the run at the attempt that CURRENT asks for; the stream announces only a run's first attempt. */
async function bringUp({ runs, queues }: RunServices, run: NewRun, current: CurrentRun): Promise<Recorded> {
  await runs.open(run);
  if (current.attempt === 1) return "opened";
  await runs.reopen(run, current.attempt);
  const reopened = await runs.find(run);
  if (reopened) await queues.redrive(reopened, new Date(current.revision).toISOString());
  return "reopened";
}
