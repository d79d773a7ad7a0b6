import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { StatusStore } from "../../core/embedding-status/status-store.ts";
import type { StatusDeps } from "../../core/embedding-status/write-status.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import type { DeliveryDeps } from "../../core/queues/process-deliveries.ts";
import { consumedQueue } from "../../core/queues/queue-config.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import type { WriteEmbeddingStatusConfig } from "./config.ts";

export function writeEmbeddingStatusDeps(
  config: WriteEmbeddingStatusConfig,
  { log, metrics }: Telemetry,
): StatusDeps & DeliveryDeps {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const { RECEIPTS_TABLE: sourceTable, CONTROL_TABLE: controlTable } = config;
  return {
    runs: new DynamoRunStore({ client, sourceTable, controlTable }),
    deltas: new S3DeltaStore(new S3Client({}), config.DELTAS_BUCKET),
    statuses: new StatusStore(client, sourceTable),
    queue: consumedQueue(config, log),
    log,
    metrics,
  };
}
