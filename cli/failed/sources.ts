import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { type Collection, collections, shardName } from "../../contract/collections.ts";
import { QueuePublisher } from "../../core/changes/queue-publisher.ts";
import { ChangeDeadLetters } from "../../core/failed/change-dead-letters.ts";
import { type DeadLetterKind, DeadLetters } from "../../core/failed/dead-letters.ts";
import { EmbedDeadLetters } from "../../core/failed/embed-dead-letters.ts";
import { ExportDeadLetters } from "../../core/failed/export-dead-letters.ts";
import { FailedRuns } from "../../core/failed/failed-runs.ts";
import type { FailedSource } from "../../core/failed/failed-source.ts";
import { FoldDeadLetters } from "../../core/failed/fold-dead-letters.ts";
import { FunctionDeadLetters } from "../../core/failed/function-dead-letters.ts";
import { GivenUpRecords } from "../../core/failed/given-up-records.ts";
import { ImageDeadLetters } from "../../core/failed/image-dead-letters.ts";
import { LoggedReasons } from "../../core/failed/logged-reasons.ts";
import { RejectedDeadLetters } from "../../core/failed/rejected-dead-letters.ts";
import { RejectedRows } from "../../core/failed/rejected-rows.ts";
import type { ReplayDeps } from "../../core/failed/replay-stream-record.ts";
import { systemClock } from "../../core/resilience/clock.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { RunQueues } from "../../core/runs/run-queues.ts";
import { type ImagesOutputs, runQueuesOf, type StackOutputs } from "../target.ts";

/** Returns every source of failures in a stack. Queues are named like their alarms. */
export function failedSources(outputs: StackOutputs): FailedSource[] {
  const sqs = new SQSClient({});
  const dynamo = new DynamoDBClient({});
  const client = DynamoDBDocumentClient.from(dynamo);
  const { embedQueueUrl: queueUrl, receiptsTable, controlTable } = outputs;
  const queueUrls = { lines: outputs.linesQueueUrls, words: outputs.wordsQueueUrls };
  const deadLetters = (name: string, url: string, kind: DeadLetterKind) =>
    new DeadLetters(name, { sqs, url }, kind);
  const replay = replayDeps(outputs, sqs, dynamo);
  const reasons = new LoggedReasons(new CloudWatchLogsClient({}), outputs.logGroups.embed);

  return [
    deadLetters(
      "embed-ndjson-dead-letters",
      outputs.embedDeadLetterQueueUrl,
      new EmbedDeadLetters({ sqs, queueUrl, reasons }),
    ),
    ...collections.flatMap((collection) => {
      const kind = new ChangeDeadLetters({
        sqs,
        queueUrls: queueUrls[collection],
        compactionLogGroup: outputs.logGroups.compaction,
      });
      return deadLetterUrls(outputs, collection).map((url, position, { length }) =>
        deadLetters(`${shardName(collection, position, length)}-dead-letters`, url, kind),
      );
    }),
    deadLetters(
      "fold-dead-letters",
      outputs.foldDeadLetterQueueUrl,
      new FoldDeadLetters({ sqs, queueUrl: outputs.foldQueueUrl, foldLogGroup: outputs.logGroups.fold }),
    ),
    deadLetters(
      "failed-exports",
      outputs.failedExportsQueueUrl,
      new ExportDeadLetters(new LambdaClient({}), outputs.functions.exportOcrResults),
    ),
    deadLetters("stream-rejected", outputs.streamRejectedQueueUrl, new RejectedDeadLetters(replay)),
    new GivenUpRecords({
      s3: new S3Client({}),
      bucket: outputs.deltasBucket,
      prefix: outputs.streamGivenUpPrefix,
      replay,
    }),
    new RejectedRows({
      s3: new S3Client({}),
      bucket: outputs.deltasBucket,
      runs: new DynamoRunStore({ client, sourceTable: receiptsTable, controlTable }),
    }),
    new FailedRuns({
      client,
      sourceTable: receiptsTable,
      controlTable,
      runs: new DynamoRunStore({ client, sourceTable: receiptsTable, controlTable }),
      queues: RunQueues.of(runQueuesOf(outputs), sqs),
      clock: systemClock,
    }),
    ...(outputs.images ? imageSources(outputs.images, sqs) : []),
    ...(outputs.merchants
      ? [functionSource("resolve-merchant-dead-letters", "merchant", outputs.merchants, sqs)]
      : []),
    ...(outputs.embeddingStatus
      ? [functionSource("write-embedding-status-dead-letters", "run", outputs.embeddingStatus, sqs)]
      : []),
  ];
}

function functionSource(
  name: string,
  entity: string,
  { queueUrl, deadLetterQueueUrl: url, logGroup }: NonNullable<StackOutputs["embeddingStatus"]>,
  sqs: SQSClient,
): FailedSource {
  const reasons = new LoggedReasons(new CloudWatchLogsClient({}), logGroup);
  return new DeadLetters(name, { sqs, url }, new FunctionDeadLetters({ sqs, queueUrl, reasons, entity }));
}

function imageSources(images: ImagesOutputs, sqs: SQSClient): FailedSource[] {
  const { queueUrls, deadLetterQueueUrls, logGroups, undeliveredQueueUrl } = images;
  const functionOf = { uploads: "processor", analysis: "analyzer", embedding: "embedder" } as const;
  const logs = new CloudWatchLogsClient({});
  const source = (name: string, url: string, reasons: LoggedReasons | undefined) =>
    new DeadLetters(name, { sqs, url }, new ImageDeadLetters({ sqs, queueUrls, reasons }));
  return [
    ...(["uploads", "analysis", "embedding"] as const).map((step) =>
      source(
        `image-${step}-dead-letters`,
        deadLetterQueueUrls[step],
        new LoggedReasons(logs, logGroups[functionOf[step]]),
      ),
    ),
    source("image-undelivered", undeliveredQueueUrl, undefined),
  ];
}

function deadLetterUrls(outputs: StackOutputs, collection: Collection): readonly string[] {
  return outputs[`${collection}DeadLetterQueueUrls`];
}

function replayDeps(outputs: StackOutputs, sqs: SQSClient, dynamo: DynamoDBClient): ReplayDeps {
  const publisher = (url: string) => new QueuePublisher(sqs, url, systemClock);
  return {
    queues: { lines: outputs.linesQueueUrls.map(publisher), words: outputs.wordsQueueUrls.map(publisher) },
    itemNow: async ({ PK, SK }) => {
      const { Item } = await dynamo.send(
        new GetItemCommand({
          TableName: outputs.receiptsTable,
          Key: { PK: { S: PK }, SK: { S: SK } },
          ConsistentRead: true,
        }),
      );
      return Item;
    },
  };
}
