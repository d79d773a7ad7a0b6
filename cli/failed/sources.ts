import { setTimeout as pause } from "node:timers/promises";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { QueuePublisher } from "../../core/changes/queue-publisher.ts";
import { ChangeLetters } from "../../core/failed/change-letters.ts";
import { DeadLetters, type LetterKind } from "../../core/failed/dead-letters.ts";
import { EmbedLetters } from "../../core/failed/embed-letters.ts";
import { ExportLetters } from "../../core/failed/export-letters.ts";
import { FailedRuns } from "../../core/failed/failed-runs.ts";
import type { FailedSource } from "../../core/failed/failed-source.ts";
import { GivenUpRecords } from "../../core/failed/given-up-records.ts";
import { LoggedReasons } from "../../core/failed/logged-reasons.ts";
import { RejectedLetters } from "../../core/failed/rejected-letters.ts";
import { RejectedRows } from "../../core/failed/rejected-rows.ts";
import type { RetellPorts } from "../../core/failed/retell.ts";
import { type Collection, collections } from "../../core/receipts/receipt.ts";
import { shardName } from "../../core/receipts/shards.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { RunQueues } from "../../core/runs/run-queues.ts";
import type { StackOutputs } from "../target.ts";

/** Every place of a stack where things end that could not be handled. Queues go by the names of their alarms. */
export function failedSources(outputs: StackOutputs): FailedSource[] {
  const sqs = new SQSClient({});
  const dynamo = new DynamoDBClient({});
  const client = DynamoDBDocumentClient.from(dynamo);
  const { embedQueueUrl: queueUrl, receiptsTable, controlTable, region } = outputs;
  const queueUrls = { lines: outputs.linesQueueUrls, words: outputs.wordsQueueUrls };
  const letters = (name: string, url: string, kind: LetterKind) => new DeadLetters(name, { sqs, url }, kind);
  const retell = retellPorts(outputs, sqs, dynamo);
  const reasons = new LoggedReasons(new CloudWatchLogsClient({}), outputs.logGroups.embed);

  return [
    letters(
      "embed-ndjson-dead-letters",
      outputs.embedDeadLetterQueueUrl,
      new EmbedLetters({ sqs, queueUrl, reasons }),
    ),
    ...collections.flatMap((collection) => {
      const kind = new ChangeLetters({
        sqs,
        queueUrls: queueUrls[collection],
        compactionLogGroup: outputs.logGroups.compaction,
      });
      return deadLetterUrls(outputs, collection).map((url, position, { length }) =>
        letters(`${shardName(collection, position, length)}-dead-letters`, url, kind),
      );
    }),
    letters(
      "failed-exports",
      outputs.failedExportsQueueUrl,
      new ExportLetters(new LambdaClient({}), outputs.functions.exportOcrResults),
    ),
    letters("stream-rejected", outputs.streamRejectedQueueUrl, new RejectedLetters(retell)),
    new GivenUpRecords({
      s3: new S3Client({}),
      bucket: outputs.deltasBucket,
      prefix: outputs.streamGivenUpPrefix,
      retell,
    }),
    new RejectedRows({
      s3: new S3Client({}),
      bucket: outputs.deltasBucket,
      runs: new DynamoRunStore({ client, receiptsTable, controlTable }),
    }),
    new FailedRuns({
      client,
      receiptsTable,
      controlTable,
      runs: new DynamoRunStore({ client, receiptsTable, controlTable }),
      queues: new RunQueues({ client: sqs, queueUrls, region }),
      pause,
    }),
  ];
}

function deadLetterUrls(outputs: StackOutputs, collection: Collection): readonly string[] {
  return outputs[`${collection}DeadLetterQueueUrls`];
}

function retellPorts(outputs: StackOutputs, sqs: SQSClient, dynamo: DynamoDBClient): RetellPorts {
  const publisher = (url: string) => new QueuePublisher(sqs, url, pause);
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
