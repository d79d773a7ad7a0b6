import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { type Collection, shardNames } from "../../contract/collections.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import type { Metrics } from "../../core/metrics.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import type { ScheduledExportDeps } from "../../core/snapshots/scheduled-export.ts";
import { SnapshotStore } from "../../core/snapshots/snapshot-store.ts";
import type { ExportSnapshotConfig } from "./config.ts";

/** The limit of one request; a later response is not expected. */
const maxWaitMs = 60_000;

export interface ExportSnapshotFunctionDeps {
  readonly depsOf: (collection: Collection, collectionMetrics: Metrics) => ScheduledExportDeps;
}

/** The dependencies of an export. The clients live as long as the process. */
export function exportSnapshotDeps(
  config: ExportSnapshotConfig,
  { log, metrics }: Telemetry,
): ExportSnapshotFunctionDeps {
  const options = { requestHandler: { requestTimeout: maxWaitMs, throwOnRequestTimeout: true } };
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(options));
  const s3 = new S3Client(options);
  const depsOf = (collection: Collection, collectionMetrics: Metrics): ScheduledExportDeps => ({
    collection,
    shards: shardNames(collection, config.LINES_QUEUE_URLS.length),
    target: { model: config.EMBEDDING_MODEL, dimensions: config.EMBEDDING_DIMENSIONS },
    control: { client, controlTable: config.CONTROL_TABLE },
    collectionsPath: config.COLLECTIONS_PATH,
    library: join(import.meta.dirname, "chroma.node"),
    scratch: join(tmpdir(), "vectorkeep-snapshot"),
    deltas: new S3DeltaStore(s3, config.DELTAS_BUCKET),
    memoryMiB: config.MEMORY_MIB,
    store: new SnapshotStore(s3, config.SNAPSHOTS_BUCKET, `${collection}/`),
    kept: config.SNAPSHOTS_KEPT,
    clock: monotonicClock,
    now: Date.now,
    log,
    metrics,
    collectionMetrics,
    onStep: (step) => log.info("Snapshot step", { collection, step }),
  });
  return { depsOf };
}
