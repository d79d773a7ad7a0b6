import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { collectionOf, collections, type ShardName, shardNames } from "../../contract/collections.ts";
import { Generations } from "../../core/collections/generations/generations.ts";
import { FoldQueue } from "../../core/collections/messages/fold-queue.ts";
import type { CheckDeps } from "../../core/collections/rebuild/check-head.ts";
import type { RebuildShardDeps } from "../../core/collections/rebuild/rebuild-shard.ts";
import type { RestoreDeps } from "../../core/collections/restore/restore-generation.ts";
import { Workspace } from "../../core/collections/workspace/workspace.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { CurrentItems } from "../../core/entities/current-items.ts";
import type { Log } from "../../core/log.ts";
import { silentMetrics } from "../../core/metrics.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { monotonicClock, systemClock } from "../../core/resilience/clock.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { redriveDocument } from "../../core/runs/redrive-document.ts";
import { RunQueues } from "../../core/runs/run-queues.ts";
import type { GenerationsConfig } from "./config.ts";

/** Every shard of every collection of the stack. */
function shardsOf({ LINES_QUEUE_URLS }: GenerationsConfig): ShardName[] {
  return collections.flatMap((collection) => shardNames(collection, LINES_QUEUE_URLS.length));
}

export type GenerationsDeps = Omit<RestoreDeps, "onStep"> &
  Omit<RebuildShardDeps, "onStep"> &
  CheckDeps & { readonly onStep: (step: string) => void };

export interface GenerationsFunctionDeps {
  readonly shards: readonly ShardName[];
  readonly depsOf: (shard: ShardName) => GenerationsDeps;
  readonly log: Log;
}

/** The dependencies of listing, checking, restoring and rebuilding generations. */
export function generationsDeps(config: GenerationsConfig, { log }: Telemetry): GenerationsFunctionDeps {
  const library = join(import.meta.dirname, "chroma.node");
  const scratch = tmpdir();
  const dynamo = new DynamoDBClient({});
  const client = DynamoDBDocumentClient.from(dynamo);
  const { CONTROL_TABLE: controlTable, RECEIPTS_TABLE: receiptsTable } = config;
  const { EMBEDDING_MODEL: model, EMBEDDING_DIMENSIONS: dimensions } = config;
  const runs = new DynamoRunStore({ client, sourceTable: receiptsTable, controlTable });
  const sqs = new SQSClient({});
  const queues = RunQueues.of(config, sqs);
  const folds = new FoldQueue(sqs, config.FOLD_QUEUE_URL, monotonicClock);
  const deltas = new S3DeltaStore(new S3Client({}), config.DELTAS_BUCKET);
  const items = new CurrentItems({ client: dynamo, receiptsTable, log, clock: systemClock });
  const depsOf = (shard: ShardName): GenerationsDeps => {
    const generations = new Generations(config.COLLECTIONS_PATH, shard, monotonicClock);
    return {
      shard,
      model,
      dimensions,
      target: { collection: collectionOf(shard), model, dimensions },
      control: { client, controlTable },
      leaseMs: config.LEASE_SECONDS * 1000,
      runs,
      deltas,
      items,
      generations,
      workspace: new Workspace({ shard, generations, model, dimensions, library, scratch }),
      redrive: (receipt, time) => redriveDocument({ runs, queues }, receipt, time),
      folds,
      clock: monotonicClock,
      log,
      // The operator gets the result, so no alarm is needed.
      metrics: silentMetrics,
      onStep: (step) => log.info("Generations step", { shard, step }),
    };
  };
  return { shards: shardsOf(config), depsOf, log };
}
