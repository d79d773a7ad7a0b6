import type { S3VectorsClient } from "@aws-sdk/client-s3vectors";
import { jitteredMs } from "../../../resilience/backoff.ts";
import { type Clock, systemClock } from "../../../resilience/clock.ts";
import { type Attempt, retry } from "../../../resilience/retry.ts";
import { outcomeOf } from "./s3-vectors-errors.ts";

const maxAttempts = 5;
const backoff = { firstMs: 250, maxMs: 8_000 };

export interface S3VectorsAccess {
  /** A client without its own retries. */
  readonly client: S3VectorsClient;
  /** Deadline of a call that starts now; epoch milliseconds. */
  readonly giveUpAt: () => number;
  /** @default the system's */
  readonly clock?: Clock;
}

/** Retries a call until its deadline. Throws the errors of index-errors.ts, and NotFoundException as it is. */
export function callS3Vectors<T>(
  { client, giveUpAt, clock = systemClock }: S3VectorsAccess,
  call: (client: S3VectorsClient) => Promise<T>,
): Promise<T> {
  const attempt = (): Promise<Attempt<T>> =>
    call(client).then((value): Attempt<T> => ({ kind: "done", value }), outcomeOf);
  return retry(attempt, {
    maxAttempts,
    giveUpAt: giveUpAt(),
    backoffMs: (failed) => jitteredMs(backoff, failed),
    clock,
    exhausted: ({ error }) => error,
  });
}
