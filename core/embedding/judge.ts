import { APIConnectionError, APIError, APIUserAbortError } from "openai";
import { retryAfterMs } from "../resilience/retry-after.ts";

/** What to do after a request failed. Retries are those of core/resilience. */
export type Verdict =
  /** The rate limit of the account: the request is sent again after the delay, and no attempt is counted. */
  | { readonly kind: "defer"; readonly delayMs: number }
  /** A transient error. `delayMs` is what the provider asked for. */
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
