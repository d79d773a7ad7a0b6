import { retryAfterMs } from "./retry-after.ts";

/** What an HTTP status asks of the caller, for `retry`. */
export type StatusVerdict =
  | { readonly kind: "defer"; readonly delayMs: number }
  | { readonly kind: "retry"; readonly delayMs: number | undefined };

/** The wait after a 429 that names none. */
const deferMs = 1_000;
const transientStatuses = new Set([408, 409, 425]);

/**
 * How every provider's HTTP status is handled. A 429 is a rate limit: the request is sent again after `Retry-After`, or after
 * a second, and no attempt is counted. 408, 409, 425 and 5xx are transient errors. Undefined for a final answer.
 *
 * An account without quota or credit also answers 429, and waiting does not help: callers that can tell look for it first.
 *
 * @param now Epoch milliseconds.
 */
export function verdictOfStatus(
  status: number,
  headers: Headers | undefined,
  now: number,
): StatusVerdict | undefined {
  const delayMs = retryAfterMs(headers, now);
  if (status === 429) return { kind: "defer", delayMs: delayMs ?? deferMs };
  return status >= 500 || transientStatuses.has(status) ? { kind: "retry", delayMs } : undefined;
}
