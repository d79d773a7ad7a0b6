import { DelayedError, type Job } from "bullmq";
import { IndexThrottledError } from "../../catchup/index/index-errors.ts";
import { EmbeddingThrottledError } from "../../embedding/embedding-errors.ts";
import { CircuitOpenError } from "../../resilience/circuit-breaker.ts";

/** The delay after a rate limit that outlasted all retries of a call. */
const deferMs = 5_000;

/**
 * Returns the epoch milliseconds until which an error defers its job without an attempt; undefined if the error counts
 * as an attempt.
 */
export function deferUntil(error: unknown): number | undefined {
  if (error instanceof CircuitOpenError) return error.retryAt;
  const isThrottled = error instanceof EmbeddingThrottledError || error instanceof IndexThrottledError;
  return isThrottled ? Date.now() + deferMs : undefined;
}

/** Defers a job. Returns the error by which BullMQ recognizes a deferral. */
export async function deferred(
  job: Pick<Job, "moveToDelayed">,
  token: string,
  until: number,
): Promise<DelayedError> {
  await job.moveToDelayed(until, token);
  return new DelayedError();
}
