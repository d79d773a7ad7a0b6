import { requestLimits } from "../../embedding/limits.ts";
import { batchLimits, batchPriceRatio, batchWindowSeconds } from "../batch/batch-limits.ts";
import type { Counts } from "../tasks/counts.ts";
import type { Estimate } from "../tasks/task.ts";

export interface Prices {
  /** Of a model; undefined is that of the stack. */
  usdPerMillionTokens(model: string | undefined): number;
  readonly requestsPerMinute: number;
  readonly tokensPerMinute: number;
  /** Maximum number of concurrent batches per task; undefined with workers, which have no batches. */
  readonly batchesInFlight?: number | undefined;
}

/** The cost of embedding and its maximum duration, at once under the provider's limits and in batches. */
export function estimateOf(
  { processed, tokens }: Counts,
  prices: Prices,
  model: string | undefined,
): Estimate {
  const requests = Math.max(processed / requestLimits.inputs, tokens / requestLimits.tokens);
  const minutes = Math.max(requests / prices.requestsPerMinute, tokens / prices.tokensPerMinute);
  const usd = (tokens / 1e6) * prices.usdPerMillionTokens(model);
  return {
    tokens,
    cost_usd: inMicros(usd),
    seconds: Math.ceil(minutes * 60),
    ...(prices.batchesInFlight !== undefined && {
      batch: {
        cost_usd: inMicros(usd * batchPriceRatio),
        seconds: Math.ceil(processed / batchLimits.inputs / prices.batchesInFlight) * batchWindowSeconds,
      },
    }),
  };
}

function inMicros(usd: number): number {
  return Math.round(usd * 1e6) / 1e6;
}
