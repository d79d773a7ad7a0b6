import type { Context } from "aws-lambda";
import { loggedMetrics } from "../../core/metrics.ts";
import { processLog } from "../../core/process-log.ts";
import { sweep } from "../../core/sweep/sweep.ts";
import { sweepDeps } from "./deps.ts";
import { readSettings } from "./environment.ts";

/** Kept for ending what was begun. */
const reserveMs = 20_000;

const log = processLog("sweeper");
const metrics = loggedMetrics("sweeper");
const deps = sweepDeps(readSettings(), { log, metrics });

/** Sweeps as far as it comes in its time; what is left has the next sweep. The event says nothing. */
export async function handler(_event: unknown, context: Context): Promise<void> {
  log.addContext(context);
  const until = Date.now() + context.getRemainingTimeInMillis() - reserveMs;
  await sweep(deps, until).finally(() => metrics.write());
}
