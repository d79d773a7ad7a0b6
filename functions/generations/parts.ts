import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { monotonicClock } from "../../core/collections/clock.ts";
import { Generations } from "../../core/collections/generations/generations.ts";
import type { RestorePorts } from "../../core/collections/generations/restore-generation.ts";
import type { Log } from "../../core/log.ts";
import { collections } from "../../core/receipts/receipt.ts";
import { type ShardName, shardNames } from "../../core/receipts/shards.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { redriveReceipt } from "../../core/runs/redrive-receipt.ts";
import { RunQueues } from "../../core/runs/run-queues.ts";
import type { GenerationsEnvironment } from "./environment.ts";

/** Every shard of every collection of the stack. */
export function shardsOf({ LINES_QUEUE_URLS }: GenerationsEnvironment): ShardName[] {
  return collections.flatMap((collection) => shardNames(collection, LINES_QUEUE_URLS.length));
}

/** What the generations of a shard are listed and restored with. */
export function restorePorts(
  environment: GenerationsEnvironment,
  log: Log,
): (shard: ShardName) => RestorePorts {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const controlTable = environment.CONTROL_TABLE;
  const runs = new DynamoRunStore({ client, receiptsTable: environment.RECEIPTS_TABLE, controlTable });
  const queues = new RunQueues({
    client: new SQSClient({}),
    queueUrls: { lines: environment.LINES_QUEUE_URLS, words: environment.WORDS_QUEUE_URLS },
    region: environment.AWS_REGION,
  });
  return (shard) => ({
    shard,
    model: environment.EMBEDDING_MODEL,
    dimensions: environment.EMBEDDING_DIMENSIONS,
    control: { client, controlTable },
    leaseMs: environment.LEASE_SECONDS * 1000,
    generations: new Generations(environment.COLLECTIONS_PATH, shard, monotonicClock),
    redrive: (receipt, time) => redriveReceipt({ runs, queues }, receipt, time),
    clock: monotonicClock,
    log,
    onStep: (step) => log.info("Restore step", { collection: shard, step }),
  });
}
