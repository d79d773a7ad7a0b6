import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { collectionOf, collections, type ShardName, shardName } from "../../contract/collections.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { CurrentItems } from "../../core/entities/current-items.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { monotonicClock, systemClock } from "../../core/resilience/clock.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { backlogOf } from "../../core/verify/settle.ts";
import type { VerifyDeps } from "../../core/verify/verify-shard.ts";
import type { VerifyConfig } from "./config.ts";

export interface VerifyFunctionDeps {
  readonly shards: readonly ShardName[];
  readonly depsOf: (shard: ShardName) => VerifyDeps;
  /** Folder on a local disk for the copy of a generation. */
  readonly scratch: string;
  readonly settleMs: number;
  readonly exactVectors: number;
  readonly maxVectors: number | undefined;
  readonly metrics: Metrics;
}

/** The dependencies of comparing a shard. The clients live as long as the process. */
export function verifyDeps(config: VerifyConfig, { log, metrics }: Telemetry): VerifyFunctionDeps {
  const items = new DynamoDBClient({});
  const client = DynamoDBDocumentClient.from(items);
  const sqs = new SQSClient({});
  const { RECEIPTS_TABLE: receiptsTable, CONTROL_TABLE: controlTable } = config;
  const queues = queueOfShards(config);
  const scratch = join(tmpdir(), "vectorkeep-verify");
  const deltas = new S3DeltaStore(new S3Client({}), config.DELTAS_BUCKET);
  const shared = {
    control: { client, controlTable },
    files: {
      collectionsPath: config.COLLECTIONS_PATH,
      library: join(import.meta.dirname, "chroma.node"),
      scratch,
      deltas,
    },
    runs: new DynamoRunStore({ client, sourceTable: receiptsTable, controlTable }),
    deltas,
    items: new CurrentItems({ client: items, receiptsTable, log, clock: systemClock }),
    clock: monotonicClock,
    log,
  };
  const depsOf = (shard: ShardName): VerifyDeps => ({
    ...shared,
    shard,
    target: {
      collection: collectionOf(shard),
      model: config.EMBEDDING_MODEL,
      dimensions: config.EMBEDDING_DIMENSIONS,
    },
    backlog: () => backlogOf(sqs, queues.get(shard) ?? ""),
  });
  return {
    shards: [...queues.keys()],
    depsOf,
    scratch,
    settleMs: config.SETTLE_SECONDS * 1000,
    exactVectors: config.QUERY_EXACT_VECTORS,
    maxVectors: config.QUERY_MAX_VECTORS,
    metrics,
  };
}

/** Returns the URL of every shard's queue. */
function queueOfShards(config: VerifyConfig): ReadonlyMap<ShardName, string> {
  const urls = { lines: config.LINES_QUEUE_URLS, words: config.WORDS_QUEUE_URLS };
  return new Map(
    collections.flatMap((collection) =>
      urls[collection].map(
        (url, position) => [shardName(collection, position, urls[collection].length), url] as const,
      ),
    ),
  );
}
