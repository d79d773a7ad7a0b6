import type { ProcessRequest } from "../requests/process-request.ts";
import {
  NoSuchTaskError,
  RequestInvalidError,
  TaskOfOtherApiError,
  TaskStateError,
} from "../requests/request-errors.ts";
import type { ChunkCounts } from "../tasks/chunk-counts.ts";
import { failedChunks, sum } from "../tasks/counts.ts";
import { isOpen, type Task, taskIdPattern } from "../tasks/task.ts";
import { type ChunkDispatcher, isFor } from "../work/chunk-dispatcher.ts";
import { type StartDeps, startTask } from "./start-task.ts";

const maxNamedChunks = 20;

export interface EndDeps extends Pick<StartDeps, "tasks"> {
  readonly chunkCounts: ChunkCounts;
  /** The kind of dispatcher of this API's tasks. Both APIs see all tasks. */
  readonly kind: ChunkDispatcher["kind"];
  /** Stops the execution or job that a cancelled task was dispatched to. */
  stop(task: Task): Promise<void>;
  /** Epoch milliseconds. */
  now(): number;
}

/** The task with this id. Throws NoSuchTaskError. */
export async function existingTask(taskId: string, { tasks }: Pick<EndDeps, "tasks">): Promise<Task> {
  const task = taskIdPattern.test(taskId) ? await tasks.get(taskId) : undefined;
  if (!task) throw new NoSuchTaskError(taskId);
  return task;
}

/**
 * Cancels a task. Ends the task first, so that no further chunk starts, and then stops its execution or job.
 * Idempotent. Only the API that started a task can stop its work. Throws NoSuchTaskError, TaskOfOtherApiError and
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

/**
 * Starts a new task over the failed records of an ended one, or of some of its chunks. Throws NoSuchTaskError,
 * TaskStateError, and RequestInvalidError if one of the chunks has none.
 */
export async function retryTask(
  taskId: string,
  key: string | undefined,
  deps: EndDeps & StartDeps,
  chunks?: readonly number[],
): Promise<Task> {
  const task = await existingTask(taskId, deps);
  if (isOpen(task.status)) throw new TaskStateError(taskId, task.status, "retried: it has not ended");
  const byChunk = await deps.chunkCounts.all(taskId);
  const counts = task.counts ?? sum(byChunk.values());
  if (counts.failed === 0) throw new TaskStateError(taskId, task.status, "retried: no record failed");
  if (chunks !== undefined) requireFailed(chunks, failedChunks(task, byChunk));
  const { s3_key, retry_chunks, ...rest } = task.request;
  const asked = {
    ...rest,
    data_source: "failed_records",
    retry_of: taskId,
    ...(chunks && { retry_chunks: [...new Set(chunks)].sort((a, b) => a - b) }),
  } as const;
  return startTask(() => processedBy(deps.kind, asked), key, deps, deps.now());
}

/** Rejects chunks without failed records, because their task would end without rows. */
function requireFailed(chunks: readonly number[], failed: readonly number[]): void {
  if (chunks.every((chunk) => failed.includes(chunk))) return;
  throw new RequestInvalidError([
    {
      parameter: "chunks",
      given: chunks.join(", ").slice(0, 100),
      accepted: `numbers of chunks with failed records: ${failed.slice(0, maxNamedChunks).join(", ")}`,
    },
  ]);
}

/**
 * A retry runs where it was requested, whatever processed the original task. Otherwise the dispatchers of both APIs
 * would process it.
 */
function processedBy(kind: EndDeps["kind"], request: ProcessRequest): ProcessRequest {
  if (kind === "workers") {
    const { lane, ...shared } = request;
    return { ...shared, host: "workers" };
  }
  if (request.host !== "workers") return request;
  const { chunk_size, priority, ...shared } = request;
  return { ...shared, host: "auto" };
}
