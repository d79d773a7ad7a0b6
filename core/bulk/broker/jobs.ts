import type { JobsOptions } from "bullmq";
import * as z from "zod";
import type { Priority } from "../../catchup/requests/process-request.ts";
import { chunk } from "../../catchup/sources/plan.ts";

/** The job of a task: plans it, waits for its chunks, and settles it. */
export const taskJob = z.object({
  task_id: z.string(),
  /** The next step. */
  step: z.enum(["dispatch", "settle"]),
});

/** The job of one chunk, a child of the job of its task. */
export const chunkJob = z.object({ task_id: z.string(), chunk });

export type TaskJob = z.infer<typeof taskJob>;
export type ChunkJob = z.infer<typeof chunkJob>;

/** Stacks that share a broker use separate namespaces. */
export function queueNames(namespace: string): { readonly tasks: string; readonly chunks: string } {
  return { tasks: `${namespace}-bulk-tasks`, chunks: `${namespace}-bulk-chunks` };
}

/** BullMQ rejects ids that are integers or contain a colon. */
export const taskJobId = (taskId: string): string => `run-${taskId}`;
export const chunkJobId = (taskId: string, number: number): string => `${taskId}-${number}`;

/** BullMQ processes the lowest number first and accepts 1 to 2,097,151. */
const firstOf: Readonly<Record<Priority, number>> = { high: 1, normal: 700_000, low: 1_400_000 };
const maxChunkNumber = 690_000;
/** BullMQ processes jobs without a priority before all others. */
export const settledFirst = 0;

/**
 * A finished job is removed: the state of a task and its chunks is in the table and S3, so that it does not depend on
 * the broker.
 */
const ending = { removeOnComplete: true, removeOnFail: true } as const;
/** Three retries, after about one, two and four seconds. A deferral does not count as an attempt. */
const retries = { attempts: 4, backoff: { type: "exponential", delay: 1_000, jitter: 0.5 } } as const;

export function taskOptions(taskId: string, priority: Priority | undefined): JobsOptions {
  return { ...ending, ...retries, jobId: taskJobId(taskId), priority: firstOf[priority ?? "normal"] };
}

/**
 * Within a priority, the chunk number decides, so that the tasks take turns and a small task does not wait for a large
 * one.
 */
export function chunkOptions(taskId: string, number: number, priority: Priority | undefined): JobsOptions {
  return {
    ...ending,
    ...retries,
    jobId: chunkJobId(taskId, number),
    priority: firstOf[priority ?? "normal"] + Math.min(number, maxChunkNumber),
    // The task is settled even if a chunk failed.
    ignoreDependencyOnFailure: true,
  };
}
