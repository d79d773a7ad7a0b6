import { type DeltaSweep, sweepDeltas } from "./sweep-deltas.ts";
import { type OpenRunsSweep, sweepOpenRuns } from "./sweep-open-runs.ts";

export type SweepParts = OpenRunsSweep & DeltaSweep;

/**
 * Open runs and stored deltas, neither held up by what is wrong with the other. Begins nothing new after the moment
 * `until` (epoch milliseconds). Rejects with the first failure, when both have ended.
 */
export async function sweep(parts: SweepParts, until: number): Promise<void> {
  const ended = await Promise.allSettled([sweepOpenRuns(parts, until), sweepDeltas(parts, until)]);
  const [first, ...others] = ended.flatMap((part) => (part.status === "rejected" ? [part.reason] : []));
  for (const reason of others)
    parts.log.error("Another part of the sweep failed too", { reason: String(reason) });
  if (first !== undefined) throw first;
}
