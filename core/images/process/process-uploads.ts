import type { Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import { type Delivery, type DeliveryDeps, processDeliveries } from "../../queues/process-deliveries.ts";
import { InputError } from "../../vectorkeep-error.ts";
import { parseObjectChanges } from "../events/object-events.ts";
import { type ProcessDeps, processChange } from "./process-change.ts";

/** Concurrent images; decoding one may need a few hundred MiB. */
const width = 1;

export type UploadDeps = ProcessDeps & DeliveryDeps & { readonly log: Log; readonly metrics: Metrics };

/** Processes the S3 events in the messages. Returns the ids of the messages to redeliver. */
export async function processUploads(deliveries: readonly Delivery[], deps: UploadDeps): Promise<string[]> {
  const refused = new Set<string>();
  const work = (delivery: Delivery) =>
    processUpload(delivery, deps).catch((error: unknown) => {
      if (error instanceof InputError) refused.add(delivery.messageId);
      throw error;
    });
  const redelivered = await processDeliveries(deliveries, width, work, deps);
  // Counts once per image: a poison image is received several times before it moves to the dead-letter queue.
  for (const messageId of redelivered) refused.delete(messageId);
  if (refused.size > 0) deps.metrics.count("ImagesRejected", refused.size);
  return redelivered;
}

async function processUpload({ messageId, body }: Delivery, deps: UploadDeps): Promise<void> {
  for (const change of parseObjectChanges(body)) {
    const started = performance.now();
    const status = await processChange(change, deps);
    if (status === "processed") deps.metrics.count("ImagesProcessed", 1);
    deps.log.info("An object's change was processed", {
      message_id: messageId,
      key: change.key,
      status,
      duration_ms: Math.round(performance.now() - started),
    });
  }
}
