import { S3Client } from "@aws-sdk/client-s3";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Telemetry } from "../../process/define-function.ts";
import { ObjectStore } from "../sources/object-store.ts";
import { ChunkCounts } from "../tasks/chunk-counts.ts";
import { TaskStore } from "../tasks/task-store.ts";
import { UnitStore } from "../tasks/unit-store.ts";
import type { SettleDeps } from "../work/settle-task.ts";
import { pricesOf } from "./models-config.ts";
import type { SettleConfig } from "./settle-config.ts";
import { tasksClient } from "./tasks-client.ts";

/**
 * The dependencies for settling a task, which every function that works on tasks may do. The clients live as long as
 * the process.
 */
export function settleDeps(
  config: SettleConfig,
  telemetry: Telemetry,
  client: DynamoDBDocumentClient = tasksClient(),
): SettleDeps {
  const s3 = new S3Client({});
  return {
    tasks: new TaskStore(client, config.TASKS_TABLE),
    chunkCounts: new ChunkCounts(client, config.TASKS_TABLE),
    units: new UnitStore(client, config.TASKS_TABLE),
    source: new ObjectStore(s3, config.SOURCE_BUCKET),
    work: new ObjectStore(s3, config.WORK_BUCKET),
    prices: {
      usdPerMillionTokens: pricesOf(config),
      requestsPerMinute: config.EMBEDDING_REQUESTS_PER_MINUTE,
      tokensPerMinute: config.EMBEDDING_TOKENS_PER_MINUTE,
      batchesInFlight: config.BATCHES_IN_FLIGHT,
    },
    ...telemetry,
  };
}
