import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DescribeFileSystemsCommand, EFSClient } from "@aws-sdk/client-efs";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { shardNames } from "../../contract/collections.ts";
import { FoldQueue } from "../../core/collections/messages/fold-queue.ts";
import { NamedDeltas } from "../../core/collections/segments/named-deltas.ts";
import { DeltaFiles } from "../../core/deltas/delta-files.ts";
import { shardOf } from "../../core/documents/shards.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { OpenRuns } from "../../core/runs/open-runs.ts";
import { RunQueues } from "../../core/runs/run-queues.ts";
import type { SweepDeps } from "../../core/sweep/sweep.ts";
import type { SweeperConfig } from "./config.ts";

/** The dependencies of a sweep. */
export function sweepDeps(config: SweeperConfig, { log, metrics }: Telemetry): SweepDeps {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const controlTable = config.CONTROL_TABLE;
  const sqs = new SQSClient({});
  const shards = [
    ...shardNames("lines", config.LINES_QUEUE_URLS.length),
    ...shardNames("words", config.WORDS_QUEUE_URLS.length),
  ];
  return {
    control: { client, controlTable },
    openRuns: new OpenRuns(client, controlTable),
    runs: new DynamoRunStore({ client, sourceTable: config.RECEIPTS_TABLE, controlTable }),
    queues: RunQueues.of(config, sqs),
    folds: new FoldQueue(sqs, config.FOLD_QUEUE_URL, monotonicClock),
    foldRules: {
      foldVectors: config.FOLD_VECTORS,
      foldMs: config.FOLD_HOURS * 3_600_000,
      maxOverlayVectors: config.MAX_OVERLAY_VECTORS,
    },
    shards,
    mirrored: config.MIRROR === "none" ? [] : shards,
    meteredBytes: metering(new EFSClient({}), config.COLLECTIONS_FILE_SYSTEM),
    files: new DeltaFiles(new S3Client({}), config.DELTAS_BUCKET),
    isNamed: ({ collection, imageId, key }) => {
      const shard = shardOf(collection, imageId, config.LINES_QUEUE_URLS.length);
      return new NamedDeltas({ client, controlTable }, shard).has(key);
    },
    config: {
      openMs: config.OPEN_MINUTES * 60_000,
      redrives: config.REDRIVES,
      maxFailures: config.MAX_FAILURES,
      retentionMs: config.DELTA_RETENTION_SECONDS * 1000,
      claimMs: config.CLAIM_SECONDS * 1000,
    },
    now: Date.now,
    log,
    metrics,
  };
}

/** Reads the billed size of the file system. */
function metering(client: EFSClient, fileSystemId: string): () => Promise<number> {
  return async () => {
    const { FileSystems } = await client.send(new DescribeFileSystemsCommand({ FileSystemId: fileSystemId }));
    return FileSystems?.[0]?.SizeInBytes?.Value ?? 0;
  };
}
