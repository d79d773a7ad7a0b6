import { APIConnectionError, APIError, APIUserAbortError } from "openai";
import { type StatusVerdict, verdictOfStatus } from "../resilience/status-verdict.ts";

/** How to handle a failed request; core/resilience retries it. */
export type Verdict =
  | StatusVerdict
  /** The provider refuses this input. */
  | { readonly kind: "refused" }
  /** The provider refuses any input. */
  | {
      readonly kind: "not-allowed";
      readonly status: number | undefined;
      readonly code: string | null | undefined;
    };

const refusedStatuses = new Set([400, 413, 422]);
/** Parameters that come from settings, not from the input. */
const settingParameters = new Set(["model", "dimensions", "encoding_format"]);
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
  if (status === 429 && quotaCodes.has(code ?? "")) return { kind: "not-allowed", status, code };
  const verdict = verdictOfStatus(status, error.headers, Date.now());
  if (verdict !== undefined) return verdict;
  const isInput = refusedStatuses.has(status) && !settingParameters.has(param ?? "");
  return isInput ? { kind: "refused" } : { kind: "not-allowed", status, code };
}
