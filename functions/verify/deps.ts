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
import type { VerifyConfig } from "./config.ts";

const items = new DynamoDBClient({});
const client = DynamoDBDocumentClient.from(items);
const sqs = new SQSClient({});
const s3 = new S3Client({});

/** The URL of every shard's queue. */
export function queueOfShards(config: VerifyConfig): ReadonlyMap<ShardName, string> {
  const urls = { lines: config.LINES_QUEUE_URLS, words: config.WORDS_QUEUE_URLS };
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

export function verifyDeps(config: VerifyConfig, { shard, queue, files, log }: Verified): VerifyDeps {
  const receiptsTable = config.RECEIPTS_TABLE;
  const controlTable = config.CONTROL_TABLE;
  return {
    shard,
    target: {
      collection: collectionOf(shard),
      model: config.EMBEDDING_MODEL,
      dimensions: config.EMBEDDING_DIMENSIONS,
    },
    control: { client, controlTable },
    files,
    runs: new DynamoRunStore({ client, receiptsTable, controlTable }),
    deltas: new S3DeltaStore(s3, config.DELTAS_BUCKET),
    items: new CurrentItems({ client: items, receiptsTable, log, clock: systemClock }),
    backlog: () => backlogOf(sqs, queue),
    clock: monotonicClock,
    log,
  };
}
