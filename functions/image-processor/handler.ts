import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { processUploads } from "../../core/images/process/process-uploads.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { batchResponse, deliveriesOf } from "../../core/queues/sqs-event.ts";
import { processorConfig } from "./config.ts";
import { processorDeps } from "./deps.ts";

/** Renders uploaded images and records their items. Only failed messages return to the queue. */
export const handler = defineFunction({
  name: "image-processor",
  metrics: "image-processor",
  config: processorConfig,
  deps: processorDeps,
  reserveMs: 5_000,
  async handle(event: SQSEvent, depsFor, { giveUpAt }): Promise<SQSBatchResponse> {
    return batchResponse(await processUploads(deliveriesOf(event), depsFor(giveUpAt)));
  },
});
