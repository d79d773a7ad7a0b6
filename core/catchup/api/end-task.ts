import type { ProcessRequest } from "../requests/process-request.ts";
import { NoSuchTaskError, TaskOfOtherApiError, TaskStateError } from "../requests/request-errors.ts";
import type { ChunkCounts } from "../tasks/chunk-counts.ts";
import { sum } from "../tasks/counts.ts";
import { isOpen, type Task, taskIdPattern } from "../tasks/task.ts";
import { type ChunkDispatcher, isFor } from "../work/chunk-dispatcher.ts";
import { type StartDeps, startTask } from "./start-task.ts";

export interface EndDeps extends Pick<StartDeps, "tasks"> {
  readonly chunkCounts: ChunkCounts;
  /** What tasks of this API are processed by. Both APIs see all tasks. */
  readonly kind: ChunkDispatcher["kind"];
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
 * harmless. Only the API that started a task can stop its work. Throws NoSuchTaskError, TaskOfOtherApiError and
 * TaskStateError.
 */
export async function cancelTask(taskId: string, deps: EndDeps): Promise<Task> {
  const task = await existingTask(taskId, deps);
  if (!isFor(deps.kind, task)) throw new TaskOfOtherApiError(taskId);
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
  const asked = { ...rest, data_source: "failed_records", retry_of: taskId } as const;
  return startTask(() => processedBy(deps.kind, asked), key, deps, deps.now());
}

/**
 * A retry is processed where it was asked for, whatever processed the first task: two kinds of dispatchers would each
 * process a task that names one and was given to the other.
 */
function processedBy(kind: EndDeps["kind"], request: ProcessRequest): ProcessRequest {
  if (kind === "workers") return { ...request, host: "workers" };
  if (request.host !== "workers") return request;
  const { chunk_size, priority, ...shared } = request;
  return { ...shared, host: "auto" };
}
