import { analysisCompleteEvent } from "../../../contract/images.ts";
import { EmbeddingRefusedError } from "../../embedding/embedding-errors.ts";
import type { Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import { type Delivery, type DeliveryDeps, processDeliveries } from "../../queues/process-deliveries.ts";
import { analysisComplete, parseFlowEvent } from "../events/flow-events.ts";
import { type EmbedDeps, embedDocuments, type Planned, planEmbedding } from "./embed-analyses.ts";

export type EmbedDeliveryDeps = EmbedDeps & DeliveryDeps & { readonly log: Log; readonly metrics: Metrics };

/** The messages are planned concurrently, so that all plans share one request. */
const width = 10;

/**
 * Embeds the analyses of the messages in shared requests. A rejected document fails only its own message. Returns the
 * ids of the messages to redeliver.
 */
export async function embedDeliveries(
  deliveries: readonly Delivery[],
  deps: EmbedDeliveryDeps,
): Promise<string[]> {
  const planned = new Map<Delivery, Planned>();
  const failedPlans = await processDeliveries(
    deliveries,
    width,
    async (delivery) => {
      const event = parseFlowEvent(delivery.body, analysisCompleteEvent.detailType, analysisComplete);
      const plan = await planEmbedding(event.user_id, event.analysis_id, deps);
      if (plan !== undefined) planned.set(delivery, plan);
    },
    deps,
  );
  const deliveriesWithPlan = [...planned.keys()];
  const documents = [...planned.values()].map(({ document }) => document);
  const vectors = await embedDocuments(documents, deps.embedder);
  const failedVectors = await processDeliveries(
    deliveriesWithPlan,
    width,
    async (delivery) => {
      const vector = vectors[deliveriesWithPlan.indexOf(delivery)];
      const plan = planned.get(delivery);
      if (vector === undefined || plan === undefined) throw new Error("A document has no vector");
      const { source, document } = plan;
      if (vector instanceof EmbeddingRefusedError) await deps.embeddings.markRefused(source);
      if (vector instanceof Error) throw vector;
      const isStored = await deps.embeddings.store(source, { vector, document, model: deps.embedder.model });
      if (isStored) deps.metrics.count("ImagesEmbedded", 1);
      deps.log.info("An analysis was embedded", {
        message_id: delivery.messageId,
        item_id: source.itemId,
        status: isStored ? "embedded" : "superseded",
      });
    },
    deps,
  );
  return [...failedPlans, ...failedVectors];
}
