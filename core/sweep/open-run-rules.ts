import { collections } from "../receipts/receipt.ts";
import type { CompactionRun, RunHalf } from "../runs/compaction-run.ts";
import type { CurrentRun } from "../runs/current-run.ts";
import type { OpenRun } from "../runs/open-run.ts";
import type { SweepConfig } from "./sweep-config.ts";

/** What an entry of the list of open runs stands for. */
export type OpenRunState =
  /** Nothing that is open, or can be. */
  | { readonly kind: "done" }
  /** A run that messages bring on, once it is at this attempt. */
  | { readonly kind: "open"; readonly attempt: number }
  /** A run, or an attempt of one, that only its embed message opens. */
  | { readonly kind: "unopened" }
  /** A run whose open halves have failed for good; compaction has told so. */
  | { readonly kind: "failed" };

export type Step =
  | { readonly kind: "wait" | "remove" | "give up" }
  /** The how manieth sending of the attempt's messages by the sweeper. */
  | { readonly kind: "drive"; readonly time: number };

/** Whether the run of an entry is to be looked at. `now` is epoch milliseconds. */
export function isDue(entry: OpenRun, now: number, { openMs, claimMs }: SweepConfig): boolean {
  if (entry.givenUpAt !== undefined) return true;
  const sweptAt = entry.sweptAt === undefined ? 0 : Date.parse(entry.sweptAt);
  if (isUnsent(entry)) return now - sweptAt >= claimMs;
  return now - Math.max(Date.parse(entry.openedAt), sweptAt) >= openMs;
}

export function openRunStateOf(
  entry: OpenRun,
  run: CompactionRun | undefined,
  current: CurrentRun | undefined,
  { maxFailures }: Pick<SweepConfig, "maxFailures">,
): OpenRunState {
  const counts = current?.state === "ACTIVE" && current.runId === entry.runId;
  const mayYetOpen = counts || current === undefined;
  if (run === undefined) return { kind: mayYetOpen ? "unopened" : "done" };
  // Another process has opened the run; it is listed under the time of that.
  if (run.createdAt !== entry.createdAt) return { kind: "done" };
  if (counts && current.attempt > run.attempts) return { kind: "open", attempt: current.attempt };
  const open = collections.map((half) => run.halves[half]).filter(({ state }) => state !== "COMPLETED");
  if (open.length === 0) {
    return { kind: entry.attempt > run.attempts && mayYetOpen ? "unopened" : "done" };
  }
  const failed = (half: RunHalf) => half.state === "FAILED" && half.failures >= maxFailures;
  return open.every(failed) ? { kind: "failed" } : { kind: "open", attempt: run.attempts };
}

/** What is to be done for an entry that is due. */
export function stepOf(
  entry: OpenRun,
  state: OpenRunState,
  now: number,
  { openMs, redrives }: SweepConfig,
): Step {
  if (state.kind === "done") return { kind: "remove" };
  if (entry.givenUpAt !== undefined) return { kind: "wait" };
  if (state.kind === "failed") return { kind: "give up" };
  if (state.kind === "unopened") {
    const inVain = now - Date.parse(entry.openedAt) >= openMs * (redrives + 1);
    return { kind: inVain ? "give up" : "wait" };
  }
  if (isUnsent(entry)) return { kind: "drive", time: entry.redrives };
  return entry.redrives < redrives ? { kind: "drive", time: entry.redrives + 1 } : { kind: "give up" };
}

/** A sending was counted, and perhaps a crash came before it. */
function isUnsent(entry: OpenRun): boolean {
  return entry.sent < entry.redrives;
}
