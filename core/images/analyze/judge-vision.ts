import { retryAfterMs } from "../../resilience/retry-after.ts";

/** How to handle a failed request. */
export type VisionVerdict =
  | { readonly kind: "defer"; readonly delayMs: number }
  | { readonly kind: "retry"; readonly delayMs: number | undefined }
  | { readonly kind: "refused" }
  | { readonly kind: "not-allowed" };

const deferMs = 1_000;
const passingStatuses = new Set([408, 409, 425]);
const refusedStatuses = new Set([400, 413, 422]);
/** Of the account or the settings, although the status is that of a bad request. */
const accountProblem = /credit balance|billing|quota|model[:_ ]|api.?key|does not support/i;

/**
 * The errors of both official clients have the same shape; comparing classes would load the client that is not used.
 * Throws what is not an error of a client.
 */
export function judgeVision(error: Error): VisionVerdict {
  const { status, headers, name } = error as Error & { status?: unknown; headers?: unknown };
  if (typeof status !== "number") {
    if ("status" in error || error instanceof SyntaxError || /connection|abort|timeout/i.test(name)) {
      return { kind: "retry", delayMs: undefined };
    }
    throw error;
  }
  const delayMs = retryAfterMs(headers instanceof Headers ? headers : undefined, Date.now());
  if (status === 429) {
    return /quota|billing/i.test(error.message)
      ? { kind: "not-allowed" }
      : { kind: "defer", delayMs: delayMs ?? deferMs };
  }
  if (status >= 500 || passingStatuses.has(status)) return { kind: "retry", delayMs };
  const isInput = refusedStatuses.has(status) && !accountProblem.test(error.message);
  return isInput ? { kind: "refused" } : { kind: "not-allowed" };
}
