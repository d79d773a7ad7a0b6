import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { S3VectorsClient } from "@aws-sdk/client-s3vectors";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { collectionOf, collections, type ShardName, shardNames } from "../../contract/collections.ts";
import { mirrorIndexName } from "../../contract/mirror.ts";
import { Generations } from "../../core/collections/generations/generations.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import type { MirrorDeps } from "../../core/mirror/mirror-shard.ts";
import { S3VectorsMirror } from "../../core/mirror/s3-vectors-mirror.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import type { MirrorConfig } from "./config.ts";

/** Ids and hashes of half a million vectors; Chroma takes most of the memory. */
const memoryBytes = 128 * 2 ** 20;

export interface MirrorFunctionDeps {
  readonly shards: readonly ShardName[];
  /** `giveUpAt` in epoch milliseconds. */
  readonly depsOf: (shard: ShardName, giveUpAt: number) => MirrorDeps;
}

/** The dependencies of mirroring a shard. Clients and manifests live as long as the process. */
export function mirrorDeps(config: MirrorConfig, { log, metrics }: Telemetry): MirrorFunctionDeps {
  const { CONTROL_TABLE: controlTable, COLLECTIONS_PATH: collectionsPath } = config;
  const { EMBEDDING_MODEL: model, EMBEDDING_DIMENSIONS: dimensions } = config;
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const deltas = new S3DeltaStore(new S3Client({}), config.DELTAS_BUCKET);
  const leaseMs = config.LEASE_SECONDS * 1000;
  const vectors = new S3VectorsClient({
    maxAttempts: 1,
    // A request that lasts longer than the lease could overwrite what the next holder has written.
    requestHandler: { requestTimeout: leaseMs / 2, throwOnRequestTimeout: true },
  });
  const shards = collections.flatMap((collection) => shardNames(collection, config.LINES_QUEUE_URLS.length));
  const readers = new Map(
    shards.map((shard) => [shard, new Generations(collectionsPath, shard, monotonicClock)]),
  );
  const depsOf = (shard: ShardName, giveUpAt: number): MirrorDeps => ({
    shard,
    target: { collection: collectionOf(shard), model, dimensions },
    control: { client, controlTable },
    files: {
      collectionsPath,
      library: join(import.meta.dirname, "chroma.node"),
      scratch: join(tmpdir(), "vectorkeep-mirror"),
      deltas,
    },
    generations: readers.get(shard) ?? new Generations(collectionsPath, shard, monotonicClock),
    deltas,
    index: new S3VectorsMirror(
      { client: vectors, bucketName: config.MIRROR_BUCKET, giveUpAt: () => giveUpAt },
      mirrorIndexName(shard, dimensions),
    ),
    leaseMs,
    giveUpAt,
    now: Date.now,
    memoryBytes,
    clock: monotonicClock,
    log,
    metrics,
    onStep: (step) => log.debug("Mirror step", { shard, step }),
  });
  return { shards, depsOf };
}
