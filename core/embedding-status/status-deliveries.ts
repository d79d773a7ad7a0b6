import { parsePublishedRun } from "../entities/published-run.ts";
import { runFields } from "../log.ts";
import { type Delivery, type DeliveryDeps, processDeliveries } from "../queues/process-deliveries.ts";
import { type StatusDeps, writeEmbeddingStatus } from "./write-status.ts";

/** Concurrent receipts; each one holds its deltas in memory. */
const width = 2;

/** Writes the statuses of the messages' receipts. Returns the ids of the messages to redeliver. */
export function writeStatuses(
  deliveries: readonly Delivery[],
  deps: StatusDeps & DeliveryDeps,
): Promise<string[]> {
  const write = async ({ messageId, body }: Delivery) => {
    const { image_id: imageId, receipt_id: receiptId, run_id: runId } = parsePublishedRun(body);
    const started = performance.now();
    const written = await writeEmbeddingStatus({ imageId, receiptId }, deps);
    deps.log.info("The embedding status of a receipt was written", {
      message_id: messageId,
      ...runFields({ imageId, receiptId, runId }),
      items: written,
      duration_ms: Math.round(performance.now() - started),
    });
  };
  return processDeliveries(deliveries, width, write, deps);
}
