import type { Context } from "aws-lambda";
import * as z from "zod";
import { preflight } from "../../core/catchup/preflight/preflight.ts";
import type { PreflightProblem } from "../../core/catchup/preflight/preflight-errors.ts";
import { processRequest } from "../../core/catchup/requests/process-request.ts";
import { runTask } from "../../core/catchup/work/run-task.ts";
import { loggedMetrics } from "../../core/metrics.ts";
import { processLog } from "../../core/process-log.ts";
import { readEnvironment } from "../../core/settings/environment.ts";
import { runDeps } from "./deps.ts";
import { runEnvironment } from "./environment.ts";

/** Kept for writing what is known when the providers leave no more time. */
const reserveMs = 10_000;
/** A chunk is begun only where the provider has this long for it. */
const chunkMs = 60_000;
/** Lambda tries an asynchronous invocation three times, one and two minutes apart. */
const attempts = 3;
const betweenAttemptsMs = 5 * 60_000;

const log = processLog("catch-up-run");
const metrics = loggedMetrics("catch-up");
const depsFor = runDeps(readEnvironment(runEnvironment), { log, metrics });
const event = z.union([z.object({ task_id: z.string() }), z.object({ preflight: processRequest })]);
/** The API waits for a preflight, and its caller for the API. */
const preflightMs = 10_000;

/**
 * Plans a task and works on it, or hands it to the state machine. For the API, which has none of the keys, it also tells
 * what would make a task fail.
 */
export async function handler(input: unknown, context: Context): Promise<PreflightProblem[] | undefined> {
  log.addContext(context);
  const remaining = context.getRemainingTimeInMillis();
  const now = Date.now();
  const asked = event.parse(input);
  if ("preflight" in asked) return preflight(asked.preflight, await depsFor(now + preflightMs));
  const giveUpAt = now + remaining - reserveMs;
  await runTask(asked.task_id, await depsFor(giveUpAt), {
    enoughUntil: giveUpAt - Math.min(chunkMs, remaining / 4),
    aliveUntil: now + attempts * remaining + betweenAttemptsMs,
  });
  metrics.write();
  return undefined;
}
