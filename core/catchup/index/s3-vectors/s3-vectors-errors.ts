import { NotFoundException, S3VectorsServiceException } from "@aws-sdk/client-s3vectors";
import { jitteredMs } from "../../../resilience/backoff.ts";
import type { Attempt } from "../../../resilience/retry.ts";
import {
  IndexNotAllowedError,
  IndexThrottledError,
  IndexUnavailableError,
  VectorsRefusedError,
} from "../index-errors.ts";

const sink = "s3vectors";
/** The rate limits are per second. */
const throttled = { firstMs: 1_000, maxMs: 2_000 };

/**
 * Returns how to continue after a failed call. Throws permanent errors; rethrows NotFoundException, whose meaning
 * depends on the caller.
 */
export function outcomeOf(error: unknown): Attempt<never> {
  if (!(error instanceof S3VectorsServiceException)) {
    return { kind: "retry", error: new IndexUnavailableError(sink, error as Error) };
  }
  switch (error.name) {
    case "TooManyRequestsException":
    case "ThrottlingException":
    case "SlowDown":
      return { kind: "defer", delayMs: jitteredMs(throttled, 1), error: new IndexThrottledError(sink) };
    case "ValidationException":
      throw new VectorsRefusedError(sink, error);
    case "ServiceQuotaExceededException":
      throw new IndexNotAllowedError(sink, "a quota of the account is used up");
  }
  if (error instanceof NotFoundException) throw error;
  const status = error.$metadata.httpStatusCode ?? 500;
  if (status === 401 || status === 403) throw new IndexNotAllowedError(sink, "a permission is missing");
  if (error.name.startsWith("Kms")) throw new IndexNotAllowedError(sink, "its KMS key cannot be used");
  return { kind: "retry", error: new IndexUnavailableError(sink, error) };
}
