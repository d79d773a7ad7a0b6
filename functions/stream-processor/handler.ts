import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import { processRecords } from "../../core/changes/process-records.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { streamProcessorConfig } from "./config.ts";
import { streamProcessorDeps } from "./deps.ts";

/** Sends the changes of a stream batch to their queues. Lambda retries the batch from the returned record. */
export const handler = defineFunction({
  name: "stream-processor",
  metrics: "stream-processor",
  config: streamProcessorConfig,
  deps: streamProcessorDeps,
  async handle({ Records }: DynamoDBStreamEvent, deps): Promise<DynamoDBBatchResponse> {
    const failed = await processRecords(Records, deps);
    if (failed === undefined) return { batchItemFailures: [] };
    const itemIdentifier = Records[failed]?.dynamodb?.SequenceNumber;
    if (itemIdentifier === undefined) throw new Error("A stream record has a sequence number.");
    return { batchItemFailures: [{ itemIdentifier }] };
  },
});
