import { APIConnectionError, APIError, APIUserAbortError } from "openai";

/** What to do after a request failed. */
export type Verdict =
  /** Come back after this long; not the request's fault, so not an attempt. */
  | { readonly kind: "defer"; readonly delayMs: number }
  /** Try again, a few times. `delayMs` is what the provider asked for. */
  | { readonly kind: "retry"; readonly delayMs: number | undefined }
  /** This input is refused. */
  | { readonly kind: "refused" }
  /** Any input would be refused. */
  | {
      readonly kind: "not-allowed";
      readonly status: number | undefined;
      readonly code: string | null | undefined;
    };

/** Deferral where the provider names no time. */
const deferMs = 1_000;
const firstBackoffMs = 250;
const maxBackoffMs = 8_000;

const refusedStatuses = new Set([400, 413, 422]);
/** Parameters that a stack's settings decide, not the input. */
const settingParameters = new Set(["model", "dimensions", "encoding_format"]);
const passingStatuses = new Set([408, 409, 425]);
/** A 429 of these is no rate limit: waiting does not help. */
const quotaCodes = new Set(["insufficient_quota", "billing_hard_limit_reached", "billing_not_active"]);

export function judge(error: unknown): Verdict {
  if (
    error instanceof APIConnectionError ||
    error instanceof APIUserAbortError ||
    error instanceof SyntaxError
  ) {
    return { kind: "retry", delayMs: undefined };
  }
  if (!(error instanceof APIError) || error.status === undefined) throw error;
  const { status, code, param } = error;
  const delayMs = retryAfterMs(error.headers, Date.now());
  if (status === 429 && !quotaCodes.has(code ?? "")) return { kind: "defer", delayMs: delayMs ?? deferMs };
  if (status >= 500 || passingStatuses.has(status)) return { kind: "retry", delayMs };
  const isInput = refusedStatuses.has(status) && !settingParameters.has(param ?? "");
  return isInput ? { kind: "refused" } : { kind: "not-allowed", status, code };
}

/** Full jitter over a span that doubles with every attempt. */
export function backoffMs(attempt: number): number {
  return Math.random() * Math.min(maxBackoffMs, firstBackoffMs * 2 ** attempt);
}

/** `retry-after-ms`, or `retry-after` in seconds or as a date; undefined where neither says anything. */
export function retryAfterMs(headers: Headers | undefined, now: number): number | undefined {
  const milliseconds = Number(headers?.get("retry-after-ms") ?? Number.NaN);
  if (milliseconds >= 0) return milliseconds;
  const after = headers?.get("retry-after");
  if (!after) return undefined;
  const seconds = Number(after);
  const delay = Number.isNaN(seconds) ? Date.parse(after) - now : seconds * 1_000;
  return Number.isNaN(delay) ? undefined : Math.max(0, delay);
}
