import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { PublishedFiles } from "../../core/collections/generations/published-copy.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { CurrentItems } from "../../core/entities/current-items.ts";
import type { Log } from "../../core/log.ts";
import { collections } from "../../core/receipts/receipt.ts";
import { collectionOf, type ShardName, shardName } from "../../core/receipts/shards.ts";
import { monotonicClock, systemClock } from "../../core/resilience/clock.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { backlogOf } from "../../core/verify/settle.ts";
import type { VerifyDeps } from "../../core/verify/verify-shard.ts";
import type { VerifyEnvironment } from "./environment.ts";

const items = new DynamoDBClient({});
const client = DynamoDBDocumentClient.from(items);
const sqs = new SQSClient({});
const s3 = new S3Client({});

/** The URL of every shard's queue. */
export function queueOfShards(environment: VerifyEnvironment): ReadonlyMap<ShardName, string> {
  const urls = { lines: environment.LINES_QUEUE_URLS, words: environment.WORDS_QUEUE_URLS };
  return new Map(
    collections.flatMap((collection) =>
      urls[collection].map(
        (url, position) => [shardName(collection, position, urls[collection].length), url] as const,
      ),
    ),
  );
}

export interface Verified {
  readonly shard: ShardName;
  readonly queue: string;
  readonly files: PublishedFiles;
  readonly log: Log;
}

export function verifyDeps(
  environment: VerifyEnvironment,
  { shard, queue, files, log }: Verified,
): VerifyDeps {
  const receiptsTable = environment.RECEIPTS_TABLE;
  const controlTable = environment.CONTROL_TABLE;
  return {
    shard,
    target: {
      collection: collectionOf(shard),
      model: environment.EMBEDDING_MODEL,
      dimensions: environment.EMBEDDING_DIMENSIONS,
    },
    control: { client, controlTable },
    files,
    runs: new DynamoRunStore({ client, receiptsTable, controlTable }),
    deltas: new S3DeltaStore(s3, environment.DELTAS_BUCKET),
    items: new CurrentItems({ client: items, receiptsTable, log, clock: systemClock }),
    backlog: () => backlogOf(sqs, queue),
    clock: monotonicClock,
    log,
  };
}
