import { type StatusVerdict, verdictOfStatus } from "../../resilience/status-verdict.ts";

/** How to handle a failed request. */
export type VisionVerdict = StatusVerdict | { readonly kind: "refused" } | { readonly kind: "not-allowed" };

const refusedStatuses = new Set([400, 413, 422]);
/** Problems of the account or the settings that providers report with the status of a bad request. */
const accountProblem = /credit balance|billing|quota|model[:_ ]|api.?key|does not support/i;

/**
 * Reads the errors of both official clients by their common shape, because comparing classes would load the unused
 * client. Rethrows other errors.
 */
export function judgeVision(error: Error): VisionVerdict {
  const { status, headers, name } = error as Error & { status?: unknown; headers?: unknown };
  if (typeof status !== "number") {
    if ("status" in error || error instanceof SyntaxError || /connection|abort|timeout/i.test(name)) {
      return { kind: "retry", delayMs: undefined };
    }
    throw error;
  }
  if (status === 429 && /quota|billing/i.test(error.message)) return { kind: "not-allowed" };
  const verdict = verdictOfStatus(status, headers instanceof Headers ? headers : undefined, Date.now());
  if (verdict !== undefined) return verdict;
  const isInput = refusedStatuses.has(status) && !accountProblem.test(error.message);
  return isInput ? { kind: "refused" } : { kind: "not-allowed" };
}
