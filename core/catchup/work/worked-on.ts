import type { Log } from "../../log.ts";
import { isOpen, type Task } from "../tasks/task.ts";
import type { Executions } from "./executions.ts";

export interface WorkedOnDeps {
  readonly executions: Executions;
  /** Has a task ended; returns before that is done. Doing it twice is harmless. */
  settle(taskId: string): Promise<void>;
  readonly log: Log;
}

/**
 * Whether a task is open and somebody works on it. Where its execution has ended without a word, or its function has had
 * all the time that its retries could take, nobody does, and it is on its way to be ended (F21). `countedAt` is when a chunk
 * of it was last counted, as far as the caller knows (epoch ms).
 */
export async function isWorkedOn(
  { task_id, status, execution_arn, alive_until }: Task,
  countedAt: number,
  { executions, settle, log }: WorkedOnDeps,
  now = Date.now(),
): Promise<boolean> {
  if (!isOpen(status)) return false;
  const alive =
    execution_arn === undefined ? now <= alive_until : await executions.isRunning(execution_arn, countedAt);
  if (alive) return true;
  log.warn("No process works on an open task; it is settled", { task_id });
  await settle(task_id);
  return false;
}
