import type { Task } from "../tasks/task.ts";
import type { TaskStore } from "../tasks/task-store.ts";

/** If a task is still PENDING after this time, the process that accepted it most likely died before it started the work. */
export const beginsWithinMs = 60_000;

export interface StartForgottenDeps {
  readonly tasks: Pick<TaskStore, "change">;
  /** Has the task worked on; returns before that is done. Idempotent. */
  start(taskId: string): Promise<void>;
}

/**
 * Starts a PENDING task whose start was lost. Further starts back off exponentially: if Lambda is slow to begin, more
 * invocations would not help. Returns whether this call started it.
 */
export async function startForgotten(
  { task_id, status, created_at, updated_at }: Task,
  { tasks, start }: StartForgottenDeps,
  now: number,
): Promise<boolean> {
  if (status !== "PENDING") return false;
  const touchedAt = Date.parse(updated_at);
  if (now - touchedAt <= Math.max(beginsWithinMs, touchedAt - Date.parse(created_at))) return false;
  // Written first, so that the next watch waits.
  if (!(await tasks.change(task_id, {}, ["PENDING"]))) return false;
  await start(task_id);
  return true;
}
