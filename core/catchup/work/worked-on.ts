import type { Log } from "../../log.ts";
import { isOpen, type Task } from "../tasks/task.ts";
import type { Executions } from "./executions.ts";

export interface WorkedOnDeps {
  readonly executions: Executions;
  /** Starts to settle a task and returns before that is done. Idempotent. */
  settle(taskId: string): Promise<void>;
  readonly log: Log;
}

/**
 * Whether a task is open and has a running worker. If its execution has ended without settling it, or its function has used
 * the time of all its retries, it has none, and is being settled (F21). `countedAt` is when a chunk of it was last counted,
 * as far as the caller knows (epoch ms).
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
