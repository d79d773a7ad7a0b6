import type { ProcessRequest } from "../requests/process-request.ts";
import { NoSuchTaskError, TaskStateError } from "../requests/request-errors.ts";
import type { ChunkCounts } from "../tasks/chunk-counts.ts";
import { sum } from "../tasks/counts.ts";
import { isOpen, type Task, taskIdPattern } from "../tasks/task.ts";
import { type StartDeps, startTask } from "./start-task.ts";

export interface EndDeps extends Pick<StartDeps, "tasks"> {
  readonly chunkCounts: ChunkCounts;
  /** Stops what a cancelled task was dispatched to. */
  stop(task: Task): Promise<void>;
  /** Epoch milliseconds. */
  now(): number;
}

/** Throws NoSuchTaskError. */
export async function existingTask(taskId: string, { tasks }: Pick<EndDeps, "tasks">): Promise<Task> {
  const task = taskIdPattern.test(taskId) ? await tasks.get(taskId) : undefined;
  if (!task) throw new NoSuchTaskError(taskId);
  return task;
}

/**
 * Ends the task first, so that no further chunk starts, then stops what it was dispatched to. Cancelling again is
 * harmless. Throws NoSuchTaskError and TaskStateError.
 */
export async function cancelTask(taskId: string, deps: EndDeps): Promise<Task> {
  const task = await existingTask(taskId, deps);
  const change = { status: "CANCELLED", completed_at: new Date(deps.now()).toISOString() } as const;
  if (!(await deps.tasks.change(taskId, change))) {
    const now = await existingTask(taskId, deps);
    if (now.status !== "CANCELLED") throw new TaskStateError(taskId, now.status, "cancelled");
  }
  await deps.stop((await deps.tasks.get(taskId)) ?? task);
  return existingTask(taskId, deps);
}

/** A new task over the failed records of one that is over. Throws NoSuchTaskError and TaskStateError. */
export async function retryTask(
  taskId: string,
  key: string | undefined,
  deps: EndDeps & StartDeps,
): Promise<Task> {
  const task = await existingTask(taskId, deps);
  if (isOpen(task.status)) throw new TaskStateError(taskId, task.status, "retried: it has not ended");
  const counts = task.counts ?? sum((await deps.chunkCounts.all(taskId)).values());
  if (counts.failed === 0) throw new TaskStateError(taskId, task.status, "retried: no record failed");
  const { s3_key, ...rest } = task.request;
  const asked: ProcessRequest = { ...rest, data_source: "failed_records", retry_of: taskId };
  return startTask(() => asked, key, deps, deps.now());
}
