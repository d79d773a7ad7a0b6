import { setTimeout as sleep } from "node:timers/promises";
import type { Screen } from "../../cli/screen.ts";
import { isComplete, type Observation, standsStill, type Workload } from "./observation.ts";
import type { PipelineWatch } from "./pipeline-watch.ts";
import { status } from "./status.ts";

export interface PipelineRun {
  readonly last: Observation;
  /** Seconds from the first message until every receipt had its run, and until the last message was gone. */
  readonly embedSeconds: number;
  readonly publishSeconds: number;
}

const lookEveryMs = 1_000;
/** Longer than any message of the local stack stays invisible before its next delivery. */
const maxWaitMs = 120_000;

/**
 * Watches until every receipt is published and every queue is empty, or until there is no progress for two minutes. In
 * that case the last observation shows what is missing.
 */
export async function watchPipeline(
  watch: PipelineWatch,
  workload: Workload,
  screen: Screen,
  signal: AbortSignal,
): Promise<PipelineRun> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  let last = await watch.look();
  let movedAt = performance.now();
  let embedSeconds: number | undefined;
  while (!isComplete(last, workload) && performance.now() - movedAt < maxWaitMs) {
    await sleep(lookEveryMs, undefined, { signal });
    const now = await watch.look();
    if (!standsStill(now, last)) movedAt = performance.now();
    last = now;
    if (now.embedded >= workload.receipts) embedSeconds ??= seconds();
    const { block, line } = status(now, workload, seconds());
    screen.status(block, line);
  }
  return { last, embedSeconds: embedSeconds ?? seconds(), publishSeconds: seconds() };
}
