import { mkdir } from "node:fs/promises";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { startService } from "../child.ts";
import type { LocalAwsAnnouncement } from "../services/local-aws.ts";

export const region = "us-east-1";

/** The tables and the queue of one collection, in a process of their own. */
export interface CollectionAws {
  readonly url: string;
  readonly objectsUrl: string;
  readonly items: DynamoDBClient;
  readonly dynamo: DynamoDBDocumentClient;
  readonly sqs: SQSClient;
  readonly receiptsTable: string;
  readonly controlTable: string;
  readonly queues: { readonly queue: string; readonly deadLetters: string };
  stop(): Promise<void>;
}

/** `folder` does not exist. */
export async function startCollectionAws(folder: string): Promise<CollectionAws> {
  await mkdir(folder);
  const service = await startService<LocalAwsAnnouncement>("local-aws.ts", [folder]);
  const options = {
    endpoint: service.url,
    region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  };
  const [items, sqs] = [new DynamoDBClient(options), new SQSClient(options)];
  return {
    url: service.url,
    objectsUrl: service.objectsUrl,
    items,
    dynamo: DynamoDBDocumentClient.from(items),
    sqs,
    receiptsTable: await createTable(items, "receipts"),
    controlTable: await createTable(items, "control"),
    queues: {
      queue: await createQueue(sqs, "collection"),
      deadLetters: await createQueue(sqs, "collection-dead-letters"),
    },
    stop() {
      for (const client of [items, sqs]) client.destroy();
      return service.stop();
    },
  };
}

async function createTable(client: DynamoDBClient, name: string): Promise<string> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: ["PK", "SK"].map((key) => ({ AttributeName: key, AttributeType: "S" })),
      KeySchema: [
        { AttributeName: "PK", KeyType: "HASH" },
        { AttributeName: "SK", KeyType: "RANGE" },
      ],
    }),
  );
  return name;
}

async function createQueue(client: SQSClient, name: string): Promise<string> {
  const { QueueUrl = "" } = await client.send(
    new CreateQueueCommand({ QueueName: `${name}.fifo`, Attributes: { FifoQueue: "true" } }),
  );
  return QueueUrl;
}
