import { setTimeout as sleep } from "node:timers/promises";
import { type CatchUpClient, CatchUpUnreachableError, isOver, type ShownTask } from "./client.ts";

const lookEveryMs = 500;
/** Consecutive status requests that may fail: a short outage does not end the command. */
const consecutiveFailures = 10;

/** Looks at a task until it is over, and shows each look. Throws what the client throws, CatchUpUnreachableError only in the end. */
export async function follow(
  taskId: string,
  client: Pick<CatchUpClient, "status">,
  show: (task: ShownTask) => void,
  everyMs = lookEveryMs,
): Promise<ShownTask> {
  for (let failed = 0; ; await sleep(everyMs)) {
    try {
      const task = await client.status(taskId);
      failed = 0;
      show(task);
      if (isOver(task)) return task;
    } catch (error) {
      failed += 1;
      if (!(error instanceof CatchUpUnreachableError) || failed >= consecutiveFailures) throw error;
    }
  }
}
