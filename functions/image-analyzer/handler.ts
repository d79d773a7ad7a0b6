import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { analyzeDeliveries } from "../../core/images/analyze/analyze-deliveries.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { batchResponse, deliveriesOf } from "../../core/queues/sqs-event.ts";
import { analyzerConfig } from "./config.ts";
import { analyzerDeps } from "./deps.ts";

/** Analyzes images with a vision model. Only failed messages return to the queue. */
export const handler = defineFunction({
  name: "image-analyzer",
  metrics: "image-analyzer",
  config: analyzerConfig,
  deps: analyzerDeps,
  // Reserved for storing the last answer, which is already paid for.
  reserveMs: 15_000,
  async handle(event: SQSEvent, depsFor, invocation): Promise<SQSBatchResponse> {
    return batchResponse(await analyzeDeliveries(deliveriesOf(event), await depsFor(invocation)));
  },
});
