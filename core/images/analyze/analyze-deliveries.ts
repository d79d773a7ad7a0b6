import { imageProcessedEvent } from "../../../contract/images.ts";
import { type Delivery, type DeliveryDeps, processDeliveries } from "../../queues/process-deliveries.ts";
import { imageProcessed, parseFlowEvent } from "../events/flow-events.ts";
import { type AnalyzeDeps, analyzeImage } from "./analyze-image.ts";

/** Concurrent requests; the function mostly waits for the model. */
const width = 5;

/** Analyzes the images of the messages. Returns the ids of the messages to redeliver. */
export function analyzeDeliveries(
  deliveries: readonly Delivery[],
  deps: AnalyzeDeps & DeliveryDeps,
): Promise<string[]> {
  const analyze = async ({ messageId, body }: Delivery) => {
    const event = parseFlowEvent(body, imageProcessedEvent.detailType, imageProcessed);
    const started = performance.now();
    const status = await analyzeImage(event, deps);
    if (status === "analyzed" || status === "copied") deps.metrics.count("AnalysesStored", 1);
    deps.log.info("An image was analyzed", {
      message_id: messageId,
      item_id: event.item_id,
      status,
      duration_ms: Math.round(performance.now() - started),
    });
  };
  return processDeliveries(deliveries, width, analyze, deps);
}
