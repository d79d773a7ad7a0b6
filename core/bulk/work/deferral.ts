import { DelayedError, type Job } from "bullmq";
import { IndexThrottledError } from "../../catchup/index/index-errors.ts";
import { EmbeddingThrottledError } from "../../embedding/embedding-errors.ts";
import { CircuitOpenError } from "../../resilience/circuit-breaker.ts";

/** After a rate limit that left no capacity for minutes. */
const deferMs = 5_000;

/** When the job that this error ended is to be taken again without an attempt (epoch ms); undefined for what is an attempt. */
export function deferUntil(error: unknown): number | undefined {
  if (error instanceof CircuitOpenError) return error.retryAt;
  const isThrottled = error instanceof EmbeddingThrottledError || error instanceof IndexThrottledError;
  return isThrottled ? Date.now() + deferMs : undefined;
}

/** Defers a job. Returns the error that tells BullMQ so. */
export async function deferred(
  job: Pick<Job, "moveToDelayed">,
  token: string,
  until: number,
): Promise<DelayedError> {
  await job.moveToDelayed(until, token);
  return new DelayedError();
}
