import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { collections, shardNames } from "../../contract/collections.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { ChromaGenerations } from "../../core/search/chroma-generations.ts";
import { FollowedCollection } from "../../core/search/followed-collection.ts";
import { ShardSearch } from "../../core/search/shards/shard-search.ts";
import type { SearchShardConfig } from "./config.ts";

/** The snapshot of the shard lives as long as the process. */
export function searchShardDeps(config: SearchShardConfig, { log, metrics }: Telemetry): ShardSearch {
  const shard = collections
    .flatMap((collection) => shardNames(collection, config.COLLECTION_SHARDS))
    .find((name) => name === config.SHARD);
  if (shard === undefined) throw new RangeError(`SHARD: there is no shard ${config.SHARD}.`);
  const scratch = join(tmpdir(), "vectorkeep-search");
  // A process that was killed at its timeout leaves its copies on the disk that this one shares.
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const generations = new ChromaGenerations({
    client: DynamoDBDocumentClient.from(new DynamoDBClient({})),
    controlTable: config.CONTROL_TABLE,
    collectionsPath: config.COLLECTIONS_PATH,
    shard,
    model: config.EMBEDDING_MODEL,
    dimensions: config.EMBEDDING_DIMENSIONS,
    library: join(import.meta.dirname, "chroma.node"),
    scratch,
    exactVectors: config.QUERY_MAX_VECTORS,
    maxVectors: config.QUERY_MAX_VECTORS,
    deltas: new S3DeltaStore(new S3Client({}), config.DELTAS_BUCKET),
    metrics,
  });
  const followed = new FollowedCollection(shard, generations, log);
  return new ShardSearch(followed, {
    dimensions: config.EMBEDDING_DIMENSIONS,
    minCosine: config.QUERY_MIN_COSINE_PERCENT / 100,
    clock: monotonicClock,
  });
}
