import { APIConnectionError, APIError, APIUserAbortError } from "openai";
import { retryAfterMs } from "../resilience/retry-after.ts";

/** How to handle a failed request; core/resilience retries it. */
export type Verdict =
  /** The account's rate limit: the request is sent again after the delay, without counting an attempt. */
  | { readonly kind: "defer"; readonly delayMs: number }
  /** A transient error. `delayMs` is the delay that the provider asked for. */
  | { readonly kind: "retry"; readonly delayMs: number | undefined }
  /** The provider refuses this input. */
  | { readonly kind: "refused" }
  /** The provider refuses any input. */
  | {
      readonly kind: "not-allowed";
      readonly status: number | undefined;
      readonly code: string | null | undefined;
    };

/** Delay if the provider names none. */
const deferMs = 1_000;

const refusedStatuses = new Set([400, 413, 422]);
/** Parameters that come from settings, not from the input. */
const settingParameters = new Set(["model", "dimensions", "encoding_format"]);
const passingStatuses = new Set([408, 409, 425]);
/** A 429 with one of these codes is not a rate limit: waiting does not help. */
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
