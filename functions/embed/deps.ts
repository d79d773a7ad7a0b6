import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { RequestSize } from "../../core/embedding/embed-each.ts";
import { limitedEmbedder } from "../../core/embedding/limited-embedder.ts";
import { requestLimits } from "../../core/embedding/limits.ts";
import { BackPressure } from "../../core/ingest/back-pressure.ts";
import type { IngestDeps } from "../../core/ingest/ingest-messages.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { ConsumedQueue } from "../../core/queues/consumed-queue.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { OpenRuns } from "../../core/runs/open-runs.ts";
import { RunQueues } from "../../core/runs/run-queues.ts";
import type { EmbedConfig } from "./config.ts";

export interface EmbedDeps extends IngestDeps {
  readonly embedQueue: ConsumedQueue;
}

/** The dependencies of one invocation; embedding must be done by `giveUpAt` (epoch ms). */
export type DepsFor = (giveUpAt: number) => Promise<EmbedDeps>;

/** The clients live as long as the process; the embedder has the deadline of its invocation. */
export function embedDeps(config: EmbedConfig, { log, metrics }: Telemetry): DepsFor {
  const s3 = new S3Client({});
  const sqs = new SQSClient({});
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const embedderFor = limitedEmbedder(config, client);
  const shared = {
    s3,
    deltasBucket: config.DELTAS_BUCKET,
    deltas: new S3DeltaStore(s3, config.DELTAS_BUCKET),
    runs: new DynamoRunStore({
      client,
      sourceTable: config.RECEIPTS_TABLE,
      controlTable: config.CONTROL_TABLE,
    }),
    queues: RunQueues.of(config, sqs),
    embedQueue: new ConsumedQueue(
      sqs,
      { queue: config.EMBED_QUEUE_URL, dlq: config.EMBED_DEAD_LETTER_QUEUE_URL },
      log,
    ),
    backPressure: new BackPressure({
      openRuns: new OpenRuns(client, config.CONTROL_TABLE),
      maxOpenRuns: config.MAX_OPEN_RUNS,
      deferSeconds: config.DEFER_SECONDS,
      now: Date.now,
      random: Math.random,
      log,
    }),
    metrics,
    tokensPerRequest: Math.min(requestLimits.tokens, config.EMBEDDING_TOKENS_PER_MINUTE),
    requestSize: new RequestSize(config.EMBEDDING_MAX_INPUTS_PER_REQUEST),
    log,
  };
  return async (giveUpAt) => ({ ...shared, embedder: await embedderFor(giveUpAt) });
}
