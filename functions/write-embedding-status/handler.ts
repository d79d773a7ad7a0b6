import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { writeStatuses } from "../../core/embedding-status/status-deliveries.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { batchResponse, deliveriesOf } from "../../core/queues/sqs-event.ts";
import { writeEmbeddingStatusConfig } from "./config.ts";
import { writeEmbeddingStatusDeps } from "./deps.ts";

/** Writes the embedding status of receipts whose run is published or failed. Only failed messages return to the queue. */
export const handler = defineFunction({
  name: "write-embedding-status",
  metrics: "write-embedding-status",
  config: writeEmbeddingStatusConfig,
  deps: writeEmbeddingStatusDeps,
  async handle(event: SQSEvent, deps): Promise<SQSBatchResponse> {
    return batchResponse(await writeStatuses(deliveriesOf(event), deps));
  },
});
