import type { Log } from "../../log.ts";
import type { ProcessRequest } from "../requests/process-request.ts";
import type { Chunk } from "../sources/plan.ts";
import { BatchRefusedError, BatchUnavailableError } from "./batch-errors.ts";
import { batchPriceRatio } from "./batch-limits.ts";

/** Of the source's text; a token of other scripts has fewer. */
const bytesPerToken = 4;

/** The Batch API of the stack's provider. */
export interface BatchLane {
  /** Throws BatchRefusedError if the provider has none that the stack may use. */
  readonly check: () => Promise<void>;
  /** The least that batches must save for `auto` to choose them. */
  readonly minSavingUsd: number;
}

export interface LaneDeps {
  readonly batches?: BatchLane | undefined;
  readonly prices: { usdPerMillionTokens(model: string | undefined): number };
  readonly log: Log;
}

/**
 * How a task is paid. `auto` is batch if half the price of the source's tokens, estimated by its bytes, is at least the
 * least saving, and the provider has a Batch API. A dry run pays nothing.
 */
export async function chooseLane(
  { lane = "sync", dry_run, host, model }: ProcessRequest,
  chunks: readonly Pick<Chunk, "first" | "last">[],
  { batches, prices, log }: LaneDeps,
): Promise<"sync" | "batch"> {
  if (lane === "sync" || dry_run || host === "function" || batches === undefined) return "sync";
  if (lane === "batch") return "batch";
  const bytes = chunks.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  const usd = (bytes / bytesPerToken / 1e6) * prices.usdPerMillionTokens(model);
  if (usd * batchPriceRatio < batches.minSavingUsd) return "sync";
  try {
    await batches.check();
    return "batch";
  } catch (error) {
    if (!(error instanceof BatchRefusedError || error instanceof BatchUnavailableError)) throw error;
    log.info("The provider has no Batch API for this stack", { reason: error.message });
    return "sync";
  }
}
