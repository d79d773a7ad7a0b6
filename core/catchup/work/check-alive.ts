import type { Log } from "../../log.ts";
import { isOpen, type Task } from "../tasks/task.ts";
import type { Executions } from "./executions.ts";
import { type SettleServices, settleTask } from "./settle-task.ts";

export interface CheckAliveServices extends SettleServices {
  readonly executions: Executions;
  readonly log: Log;
}

/**
 * Settles an open task that nobody works on any more: its execution has ended without a word, or its function has had all
 * the time that its retries could take. Returns the task as it is now.
 */
export async function checkAlive(task: Task, services: CheckAliveServices, now = Date.now()): Promise<Task> {
  if (!isOpen(task.status) || (await isWorkedOn(task, services.executions, now))) return task;
  services.log.warn("Nobody works on an open task", { taskId: task.task_id });
  await settleTask(task.task_id, services);
  return (await services.tasks.get(task.task_id, now)) ?? task;
}

async function isWorkedOn(
  { execution_arn, alive_until }: Task,
  executions: Executions,
  now: number,
): Promise<boolean> {
  return execution_arn === undefined ? now <= alive_until : executions.isRunning(execution_arn);
}
