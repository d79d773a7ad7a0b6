import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { Workspace } from "../../core/collections/cycle/workspace.ts";
import { Generations } from "../../core/collections/generations/generations.ts";
import type { RestoreDeps } from "../../core/collections/generations/restore-generation.ts";
import type { CheckDeps } from "../../core/collections/rebuild/check-head.ts";
import type { RebuildShardDeps } from "../../core/collections/rebuild/rebuild-shard.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { CurrentItems } from "../../core/entities/current-items.ts";
import type { Log } from "../../core/log.ts";
import { silentMetrics } from "../../core/metrics.ts";
import { collections } from "../../core/receipts/receipt.ts";
import { collectionOf, type ShardName, shardNames } from "../../core/receipts/shards.ts";
import { monotonicClock, systemClock } from "../../core/resilience/clock.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { redriveReceipt } from "../../core/runs/redrive-receipt.ts";
import { RunQueues } from "../../core/runs/run-queues.ts";
import type { GenerationsEnvironment } from "./environment.ts";

/** Every shard of every collection of the stack. */
export function shardsOf({ LINES_QUEUE_URLS }: GenerationsEnvironment): ShardName[] {
  return collections.flatMap((collection) => shardNames(collection, LINES_QUEUE_URLS.length));
}

export type GenerationsDeps = Omit<RestoreDeps, "onStep"> &
  Omit<RebuildShardDeps, "onStep"> &
  CheckDeps & { readonly onStep: (step: string) => void };

export interface Machine {
  /** File of Chroma's native library. */
  readonly library: string;
  /** Folder on a local disk. */
  readonly scratch: string;
  readonly log: Log;
}

/** What the generations of a shard are listed, checked, restored and rebuilt with. */
export function generationsDeps(
  environment: GenerationsEnvironment,
  { library, scratch, log }: Machine,
): (shard: ShardName) => GenerationsDeps {
  const dynamo = new DynamoDBClient({});
  const client = DynamoDBDocumentClient.from(dynamo);
  const { CONTROL_TABLE: controlTable, RECEIPTS_TABLE: receiptsTable } = environment;
  const { EMBEDDING_MODEL: model, EMBEDDING_DIMENSIONS: dimensions } = environment;
  const runs = new DynamoRunStore({ client, receiptsTable, controlTable });
  const queues = new RunQueues({
    client: new SQSClient({}),
    queueUrls: { lines: environment.LINES_QUEUE_URLS, words: environment.WORDS_QUEUE_URLS },
    region: environment.AWS_REGION,
  });
  const deltas = new S3DeltaStore(new S3Client({}), environment.DELTAS_BUCKET);
  const items = new CurrentItems({ client: dynamo, receiptsTable, log, clock: systemClock });
  return (shard) => {
    const generations = new Generations(environment.COLLECTIONS_PATH, shard, monotonicClock);
    return {
      shard,
      model,
      dimensions,
      target: { collection: collectionOf(shard), model, dimensions },
      control: { client, controlTable },
      leaseMs: environment.LEASE_SECONDS * 1000,
      runs,
      deltas,
      items,
      generations,
      workspace: new Workspace({ shard, generations, model, dimensions, library, scratch }),
      redrive: (receipt, time) => redriveReceipt({ runs, queues }, receipt, time),
      lookAgain: (receipt, time) => queues.lookAgain(receipt, time),
      clock: monotonicClock,
      log,
      // An operator who rebuilds is told what came of it: no alarm is for that.
      metrics: silentMetrics,
      onStep: (step) => log.info("Generations step", { shard, step }),
    };
  };
}
