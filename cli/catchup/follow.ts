import { setTimeout as sleep } from "node:timers/promises";
import { type CatchUpClient, CatchUpUnreachableError, isOver, type ShownTask } from "./client.ts";

const lookEveryMs = 500;
/** Consecutive status requests that may fail: a short outage does not end the command. */
const consecutiveFailures = 10;

export interface FollowOptions {
  readonly everyMs?: number;
  /** Whether asking again may help. @default of a CatchUpUnreachableError */
  readonly isPassing?: (error: unknown) => boolean;
}

/** Looks at a task until it is over, and shows each look. Throws what the client throws, a passing error only in the end. */
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
