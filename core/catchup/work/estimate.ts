import { requestLimits } from "../../embedding/limits.ts";
import type { Counts } from "../tasks/counts.ts";
import type { Estimate } from "../tasks/task.ts";

export interface Prices {
  /** Of a model; undefined is that of the stack. */
  usdPerMillionTokens(model: string | undefined): number;
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
}

/** The cost of embedding, and its duration under the provider's limits. */
export function estimateOf(
  { processed, tokens }: Counts,
  prices: Prices,
  model: string | undefined,
): Estimate {
  const requests = Math.max(processed / requestLimits.inputs, tokens / requestLimits.tokens);
  const minutes = Math.max(requests / prices.requestsPerMinute, tokens / prices.tokensPerMinute);
  return {
    tokens,
    cost_usd: Math.round((tokens / 1e6) * prices.usdPerMillionTokens(model) * 1e6) / 1e6,
    seconds: Math.ceil(minutes * 60),
  };
}
