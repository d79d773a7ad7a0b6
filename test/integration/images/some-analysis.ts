import type { NewAnalysis } from "../../../core/images/database/analyses.ts";

/** What a model said of a menu, for tests to which it does not matter. */
export function someAnalysis(more: Partial<NewAnalysis> = {}): NewAnalysis {
  const { category = "menu", summary = "A menu." } = more;
  return {
    category,
    summary,
    rawResponse: { category, summary, image_details: {} },
    provider: "anthropic",
    model: "m",
    traceId: undefined,
    requestId: undefined,
    promptVersion: 1,
    inputTokens: 1,
    outputTokens: 1,
    costUsd: 0,
    ...more,
  };
}
