import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { embedDeliveries } from "../../core/images/embed/embed-deliveries.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { batchResponse, deliveriesOf } from "../../core/queues/sqs-event.ts";
import { embedderConfig } from "./config.ts";
import { embedderDeps } from "./deps.ts";

/** Embeds the analyses of images. Only failed messages return to the queue. */
export const handler = defineFunction({
  name: "image-embedder",
  metrics: "image-embedder",
  config: embedderConfig,
  deps: embedderDeps,
  // For storing the vectors.
  reserveMs: 10_000,
  async handle(event: SQSEvent, depsFor, invocation): Promise<SQSBatchResponse> {
    return batchResponse(await embedDeliveries(deliveriesOf(event), await depsFor(invocation)));
  },
});
