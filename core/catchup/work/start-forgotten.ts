import type { Task } from "../tasks/task.ts";
import type { TaskStore } from "../tasks/task-store.ts";

/** If a task is still PENDING after this time, the process that accepted it probably died before starting the work. */
export const beginsWithinMs = 60_000;

export interface StartForgottenDeps {
  readonly tasks: Pick<TaskStore, "change">;
  /** Starts the processing of the task asynchronously. Idempotent. */
  start(taskId: string): Promise<void>;
}

/**
 * Starts a PENDING task whose start was lost. Repeated starts back off exponentially, because more invocations do not
 * help if Lambda is slow to begin. Resolves to whether this call started it.
 */
export async function startForgotten(
  { task_id, status, created_at, updated_at }: Task,
  { tasks, start }: StartForgottenDeps,
  now: number,
): Promise<boolean> {
  if (status !== "PENDING") return false;
  const touchedAt = Date.parse(updated_at);
  if (now - touchedAt <= Math.max(beginsWithinMs, touchedAt - Date.parse(created_at))) return false;
  // Written before the start, so that the next watch waits.
  if (!(await tasks.change(task_id, {}, ["PENDING"]))) return false;
  await start(task_id);
  return true;
}
