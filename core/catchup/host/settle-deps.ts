import { S3Client } from "@aws-sdk/client-s3";
import type { Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import { ObjectStore } from "../sources/object-store.ts";
import { ChunkCounts } from "../tasks/chunk-counts.ts";
import { TaskStore } from "../tasks/task-store.ts";
import type { SettleDeps } from "../work/settle-task.ts";
import type { SettleEnvironment } from "./settle-environment.ts";
import { tasksClient } from "./tasks-client.ts";

/** Where a process logs and counts. */
export interface Telemetry {
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What ending a task takes; every function that works on tasks may end one. The clients live as long as the process. */
export function settleDeps(environment: SettleEnvironment, telemetry: Telemetry): SettleDeps {
  const client = tasksClient();
  const s3 = new S3Client({});
  return {
    tasks: new TaskStore(client, environment.TASKS_TABLE),
    chunkCounts: new ChunkCounts(client, environment.TASKS_TABLE),
    source: new ObjectStore(s3, environment.SOURCE_BUCKET),
    work: new ObjectStore(s3, environment.WORK_BUCKET),
    prices: {
      usdPerMillionTokens: environment.USD_PER_MILLION_TOKENS,
      requestsPerMinute: environment.EMBEDDING_REQUESTS_PER_MINUTE,
      tokensPerMinute: environment.EMBEDDING_TOKENS_PER_MINUTE,
    },
    ...telemetry,
  };
}
