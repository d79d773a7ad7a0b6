import { isOpen, type Task } from "../tasks/task.ts";
import type { Executions } from "./executions.ts";

/**
 * Whether a task is open and has a worker (F21): its execution is running, or its function may still be in one of its
 * attempts.
 */
export async function isWorkedOn(
  { status, execution_arn, alive_until }: Task,
  executions: Pick<Executions, "isRunning">,
  now: number,
): Promise<boolean> {
  if (!isOpen(status)) return false;
  return execution_arn === undefined ? now <= alive_until : executions.isRunning(execution_arn);
}
