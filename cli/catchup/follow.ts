import { setTimeout as sleep } from "node:timers/promises";
import { type CatchUpClient, CatchUpUnreachableError, isOver, type ShownTask } from "./client.ts";

const lookEveryMs = 500;
/** The maximum number of consecutive failed status requests, so that a short outage does not end the command. */
const consecutiveFailures = 10;

export interface FollowOptions {
  readonly everyMs?: number;
  /** Whether a retry may succeed. @default of a CatchUpUnreachableError */
  readonly isPassing?: (error: unknown) => boolean;
}

/**
 * Polls a task until it has finished, and shows each state. Throws the client's errors; transient ones only after
 * repeated failures.
 */
export async function follow(
  taskId: string,
  client: Pick<CatchUpClient, "status">,
  show: (task: ShownTask) => void,
  { everyMs = lookEveryMs, isPassing = isUnreachable }: FollowOptions = {},
): Promise<ShownTask> {
  for (let failed = 0; ; await sleep(everyMs)) {
    try {
      const task = await client.status(taskId);
      failed = 0;
      show(task);
      if (isOver(task)) return task;
    } catch (error) {
      failed += 1;
      if (!isPassing(error) || failed >= consecutiveFailures) throw error;
    }
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof CatchUpUnreachableError;
}
