import * as z from "zod";
import { preflight } from "../../core/catchup/preflight/preflight.ts";
import type { PreflightProblem } from "../../core/catchup/preflight/preflight-errors.ts";
import { processRequest } from "../../core/catchup/requests/process-request.ts";
import { runTask } from "../../core/catchup/work/run-task.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { runConfig } from "./config.ts";
import { runDeps } from "./deps.ts";

/** A chunk starts only if this much time is left for it. */
const chunkMs = 60_000;
/** Lambda attempts an asynchronous invocation three times, one and two minutes apart. */
const attempts = 3;
const betweenAttemptsMs = 5 * 60_000;
/** The caller of the API waits for the preflight. */
const preflightMs = 10_000;

const runEvent = z.union([z.object({ task_id: z.string() }), z.object({ preflight: processRequest })]);

/**
 * Plans a task and processes it, or starts its state machine. It also runs the preflight for the API, which has no
 * provider keys: the result lists what would make the task fail.
 */
export const handler = defineFunction({
  name: "catch-up-run",
  metrics: "catch-up",
  config: runConfig,
  deps: runDeps,
  // For writing results when the providers leave no more time.
  reserveMs: 10_000,
  async handle(event: unknown, depsFor, invocation): Promise<PreflightProblem[] | undefined> {
    const asked = runEvent.parse(event);
    const now = Date.now();
    if ("preflight" in asked) return preflight(asked.preflight, await depsFor(now + preflightMs));
    const { giveUpAt, remainingMs } = invocation;
    await runTask(asked.task_id, await depsFor(giveUpAt), {
      enoughUntil: giveUpAt - Math.min(chunkMs, remainingMs / 4),
      aliveUntil: now + attempts * remainingMs + betweenAttemptsMs,
    });
    return undefined;
  },
});
