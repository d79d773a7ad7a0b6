import * as z from "zod";
import { settleDeps } from "../../core/catchup/host/settle-deps.ts";
import { settleTask } from "../../core/catchup/work/settle-task.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { settleConfig } from "./config.ts";

const taskOf = z.object({ task_id: z.string() });
/** The state machine passes the task; Lambda passes the invocation that failed permanently. */
const settleEvent = z.union([
  taskOf,
  z.object({ requestPayload: taskOf }).transform(({ requestPayload }) => requestPayload),
]);

/** Settles a task: sums up its chunks. Throws if the sums do not match, so that Lambda retries. */
export const handler = defineFunction({
  name: "catch-up-settle",
  metrics: "catch-up",
  config: settleConfig,
  deps: settleDeps,
  handle: (event: unknown, deps) => settleTask(settleEvent.parse(event).task_id, deps),
});
