import type { Log } from "../../log.ts";
import { isOpen, type Task } from "../tasks/task.ts";
import type { Executions } from "./executions.ts";

export interface WorkedOnDeps {
  readonly executions: Executions;
  /** Settles a task asynchronously. Idempotent. */
  settle(taskId: string): Promise<void>;
  readonly log: Log;
}

/**
 * Whether a task is open and being processed. If its execution has ended, or its function has used all of its retries,
 * it is settled (F21). `countedAt` is when a chunk was last counted, as far as the caller knows (epoch ms).
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
