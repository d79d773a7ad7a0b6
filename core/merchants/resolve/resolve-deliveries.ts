import { parsePublishedRun } from "../../entities/published-run.ts";
import { runFields } from "../../log.ts";
import { type Delivery, type DeliveryDeps, processDeliveries } from "../../queues/process-deliveries.ts";
import { MerchantBudgetSpentError } from "../places/places-errors.ts";
import { type ResolveDeps, resolveMerchant } from "./resolve-merchant.ts";

/** Concurrent receipts; the function mostly waits for the search. */
const width = 4;

/** Resolves the merchants of the messages' receipts. Returns the ids of the messages to redeliver. */
export function resolveDeliveries(
  deliveries: readonly Delivery[],
  deps: ResolveDeps & DeliveryDeps,
): Promise<string[]> {
  const resolve = async ({ messageId, body }: Delivery) => {
    const message = parsePublishedRun(body);
    const started = performance.now();
    const status = await resolveMerchant(message, deps).catch((error: unknown) => {
      if (error instanceof MerchantBudgetSpentError) deps.metrics.count("PlacesBudgetSpent", 1);
      throw error;
    });
    deps.log.info("The merchant of a receipt was searched for", {
      message_id: messageId,
      ...runFields({ imageId: message.image_id, receiptId: message.receipt_id, runId: message.run_id }),
      status,
      duration_ms: Math.round(performance.now() - started),
    });
  };
  return processDeliveries(deliveries, width, resolve, deps);
}
