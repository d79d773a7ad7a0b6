import * as z from "zod";
import { settleConfig } from "../../core/catchup/host/settle-config.ts";
import { settleDeps } from "../../core/catchup/host/settle-deps.ts";
import { settleTask } from "../../core/catchup/work/settle-task.ts";
import { defineFunction } from "../../core/process/define-function.ts";

const taskOf = z.object({ task_id: z.string() });
/** The state machine names the task; Lambda passes on the invocation that failed for good. */
const settleEvent = z.union([
  taskOf,
  z.object({ requestPayload: taskOf }).transform(({ requestPayload }) => requestPayload),
]);

/** Ends a task: sums what happened to its chunks. Throws where the sums do not add up, so that Lambda retries. */
export const handler = defineFunction({
  name: "catch-up-settle",
  metrics: "catch-up",
  config: settleConfig,
  deps: settleDeps,
  handle: (event: unknown, deps) => settleTask(settleEvent.parse(event).task_id, deps),
});
