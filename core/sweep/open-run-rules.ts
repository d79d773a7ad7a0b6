import { collections } from "../../contract/collections.ts";
import type { CompactionRun, RunHalf } from "../runs/compaction-run.ts";
import type { CurrentRun } from "../runs/current-run.ts";
import type { OpenRun } from "../runs/open-run.ts";
import type { SweepConfig } from "./sweep-config.ts";

/** The state of an entry in the list of open runs. */
export type OpenRunState =
  /** The run is not open, or can never be opened. */
  | { readonly kind: "done" }
  /** The run is open; its messages complete it once it is at this attempt. */
  | { readonly kind: "open"; readonly attempt: number }
  /** The run or its attempt is not opened yet; only its embed message opens it. */
  | { readonly kind: "unopened" }
  /** The open halves of the run have failed permanently, as compaction has recorded. */
  | { readonly kind: "failed" };

export type Step =
  | { readonly kind: "wait" | "remove" | "give up" }
  /** Redrive the attempt; `time` is the number of the redrive, from 1. */
  | { readonly kind: "drive"; readonly time: number };

/** Whether an entry must be checked. `now` is epoch milliseconds. */
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
  // Another process has opened the run and listed it under its own creation time.
  if (run.createdAt !== entry.createdAt) return { kind: "done" };
  if (counts && current.attempt > run.attempts) return { kind: "open", attempt: current.attempt };
  const open = collections.map((half) => run.halves[half]).filter(({ state }) => state !== "COMPLETED");
  if (open.length === 0) {
    return { kind: entry.attempt > run.attempts && mayYetOpen ? "unopened" : "done" };
  }
  const failed = (half: RunHalf) => half.state === "FAILED" && half.failures >= maxFailures;
  return open.every(failed) ? { kind: "failed" } : { kind: "open", attempt: run.attempts };
}

/** The next step for an entry that must be checked. */
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

/** A redrive was claimed, but its process may have crashed before sending it. */
function isUnsent(entry: OpenRun): boolean {
  return entry.sent < entry.redrives;
}
