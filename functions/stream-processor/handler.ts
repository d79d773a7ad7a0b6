import { SQSClient } from "@aws-sdk/client-sqs";
import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from "aws-lambda";
import * as z from "zod";
import { processRecords, type RecordDeps } from "../../core/changes/process-records.ts";
import { QueuePublisher } from "../../core/changes/queue-publisher.ts";
import { watchedEnvironment, watchedOf } from "../../core/changes/watched.ts";
import { loggedMetrics } from "../../core/metrics.ts";
import { processLog } from "../../core/process-log.ts";
import { systemClock } from "../../core/resilience/clock.ts";
import { readEnvironment, urlsOfShards } from "../../core/settings/environment.ts";

const environment = readEnvironment(
  z.object({
    LINES_QUEUE_URLS: urlsOfShards,
    WORDS_QUEUE_URLS: urlsOfShards,
    STREAM_REJECTED_QUEUE_URL: z.url(),
    ...watchedEnvironment,
  }),
);
const log = processLog("stream-processor");
const metrics = loggedMetrics("stream-processor");
const sqs = new SQSClient({});
const publisher = (queueUrl: string) => new QueuePublisher(sqs, queueUrl, systemClock);
const services: RecordDeps = {
  collections: {
    lines: environment.LINES_QUEUE_URLS.map(publisher),
    words: environment.WORDS_QUEUE_URLS.map(publisher),
  },
  rejected: publisher(environment.STREAM_REJECTED_QUEUE_URL),
  watched: watchedOf(environment),
  log,
  metrics,
};

/** Lambda repeats a stream batch from the record that is named, so only the first failed one is. */
export async function handler(event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  log.addContext(context);
  const failed = await processRecords(event.Records, services).finally(() => metrics.write());
  if (failed === undefined) return { batchItemFailures: [] };
  const itemIdentifier = event.Records[failed]?.dynamodb?.SequenceNumber;
  if (itemIdentifier === undefined) throw new Error("A record that was sent has a sequence number.");
  return { batchItemFailures: [{ itemIdentifier }] };
}
