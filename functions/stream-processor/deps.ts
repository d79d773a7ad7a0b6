import { SQSClient } from "@aws-sdk/client-sqs";
import type { RecordDeps } from "../../core/changes/process-records.ts";
import { QueuePublisher } from "../../core/changes/queue-publisher.ts";
import { watchedOf } from "../../core/changes/watched.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { systemClock } from "../../core/resilience/clock.ts";
import type { StreamProcessorConfig } from "./config.ts";

export function streamProcessorDeps(config: StreamProcessorConfig, telemetry: Telemetry): RecordDeps {
  const sqs = new SQSClient({});
  const publisher = (queueUrl: string) => new QueuePublisher(sqs, queueUrl, systemClock);
  const publisherIf = (queueUrl: string | undefined) =>
    queueUrl === undefined ? undefined : publisher(queueUrl);
  return {
    collections: {
      lines: config.LINES_QUEUE_URLS.map(publisher),
      words: config.WORDS_QUEUE_URLS.map(publisher),
    },
    news: {
      published: publisherIf(config.PUBLISHED_RUNS_QUEUE_URL),
      settled: publisherIf(config.SETTLED_RUNS_QUEUE_URL),
    },
    rejected: publisher(config.STREAM_REJECTED_QUEUE_URL),
    watched: watchedOf(config),
    ...telemetry,
  };
}
