import type { Context } from "aws-lambda";
import * as z from "zod";
import { settleDeps } from "../../core/catchup/host/settle-deps.ts";
import { settleEnvironment } from "../../core/catchup/host/settle-environment.ts";
import { settleTask } from "../../core/catchup/work/settle-task.ts";
import { loggedMetrics } from "../../core/metrics.ts";
import { processLog } from "../../core/process-log.ts";
import { readEnvironment } from "../../core/settings/environment.ts";

const log = processLog("catch-up-settle");
const metrics = loggedMetrics("catch-up");
const deps = settleDeps(readEnvironment(settleEnvironment), { log, metrics });

const taskOf = z.object({ task_id: z.string() });
/** The state machine names the task; Lambda hands on the invocation that failed for good. */
const event = z.union([
  taskOf,
  z.object({ requestPayload: taskOf }).transform(({ requestPayload }) => requestPayload),
]);

/** Ends a task: sums what happened to its chunks. Throws, so that the platform tries again, rather than settle what does not add up. */
export async function handler(input: unknown, context: Context): Promise<void> {
  log.addContext(context);
  await settleTask(event.parse(input).task_id, deps);
  metrics.write();
}
