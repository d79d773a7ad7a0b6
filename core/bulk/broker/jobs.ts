import type { JobsOptions } from "bullmq";
import * as z from "zod";
import type { Priority } from "../../catchup/requests/process-request.ts";
import { chunk } from "../../catchup/sources/plan.ts";

/** The job of a task: it plans it, waits for its chunks, and settles it. */
export const taskJob = z.object({
  task_id: z.string(),
  /** What is left to do. */
  step: z.enum(["dispatch", "settle"]),
});

/** The job of one chunk, a child of its task's. */
export const chunkJob = z.object({ task_id: z.string(), chunk });

export type TaskJob = z.infer<typeof taskJob>;
export type ChunkJob = z.infer<typeof chunkJob>;

/** Stacks that share a broker have a namespace each. */
export function queueNames(namespace: string): { readonly tasks: string; readonly chunks: string } {
  return { tasks: `${namespace}-bulk-tasks`, chunks: `${namespace}-bulk-chunks` };
}

/** BullMQ takes no id that is a plain integer or holds a colon. */
export const taskJobId = (taskId: string): string => `run-${taskId}`;
export const chunkJobId = (taskId: string, number: number): string => `${taskId}-${number}`;

/** The lower number is processed first; BullMQ takes 1 to 2,097,151. */
const firstOf: Readonly<Record<Priority, number>> = { high: 1, normal: 700_000, low: 1_400_000 };
const maxChunkNumber = 690_000;
/** Without a priority a job precedes all that have one. */
export const settledFirst = 0;

/** A job that ends is removed: what is known of a task and its chunks is in the table and in S3, whatever becomes of the broker. */
const ending = { removeOnComplete: true, removeOnFail: true } as const;
/** Three retries, after about one, two and four seconds; all other waiting is deferral, which is no attempt. */
const retries = { attempts: 4, backoff: { type: "exponential", delay: 1_000, jitter: 0.5 } } as const;

export function taskOptions(taskId: string, priority: Priority | undefined): JobsOptions {
  return { ...ending, ...retries, jobId: taskJobId(taskId), priority: firstOf[priority ?? "normal"] };
}

/** Within a priority, chunks of all tasks take turns by their numbers, so that a small task does not wait for a large one. */
export function chunkOptions(taskId: string, number: number, priority: Priority | undefined): JobsOptions {
  return {
    ...ending,
    ...retries,
    jobId: chunkJobId(taskId, number),
    priority: firstOf[priority ?? "normal"] + Math.min(number, maxChunkNumber),
    // The task is settled with what its chunks came to.
    ignoreDependencyOnFailure: true,
  };
}
