import { errorFields } from "../log.ts";
import { withoutZeros } from "../metrics.ts";
import { gaugeMirrors, type MirrorGauge } from "../mirror/mirror-lag.ts";
import { type FileSystemGauge, gaugeFileSystem } from "./gauge-file-system.ts";
import { type DeltaSweep, sweepDeltas } from "./sweep-deltas.ts";
import { type FoldSweep, sweepFolds } from "./sweep-folds.ts";
import { type OpenRunsSweep, sweepOpenRuns } from "./sweep-open-runs.ts";

export type SweepDeps = OpenRunsSweep & DeltaSweep & FileSystemGauge & FoldSweep & MirrorGauge;

/**
 * Sweeps open runs and stored deltas, requests folds that are due, and records the size of the file system and the lag of
 * the mirrors, independently of each other. Starts no new work after `until` (epoch milliseconds). Rejects with the first failure
 * after all parts have ended.
 */
export async function sweep(sweepDeps: SweepDeps, until: number): Promise<void> {
  const deps = { ...sweepDeps, metrics: withoutZeros(sweepDeps.metrics) };
  const ended = await Promise.allSettled([
    sweepOpenRuns(deps, until),
    sweepDeltas(deps, until),
    gaugeFileSystem(deps),
    sweepFolds(deps),
    gaugeMirrors(deps),
  ]);
  const [first, ...others] = ended.flatMap((part) => (part.status === "rejected" ? [part.reason] : []));
  for (const error of others) deps.log.error("Another part of the sweep failed too", errorFields(error));
  if (first !== undefined) throw first;
}
