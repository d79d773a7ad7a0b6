import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SQSClient } from "@aws-sdk/client-sqs";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { RequestSize } from "../../core/embedding/embed-each.ts";
import { limitedEmbedder } from "../../core/embedding/limited-embedder.ts";
import { requestLimits } from "../../core/embedding/limits.ts";
import { BackPressure } from "../../core/ingest/back-pressure.ts";
import { EmbedQueue } from "../../core/ingest/embed-queue.ts";
import type { IngestDeps } from "../../core/ingest/ingest-messages.ts";
import type { Log } from "../../core/log.ts";
import { type LoggedMetrics, loggedMetrics } from "../../core/metrics.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { OpenRuns } from "../../core/runs/open-runs.ts";
import { RunQueues } from "../../core/runs/run-queues.ts";
import type { EmbedEnvironment } from "./environment.ts";

export interface EmbedDeps extends IngestDeps {
  readonly embedQueue: EmbedQueue;
  readonly metrics: LoggedMetrics;
}

/** What the function needs, for one invocation that has to be done embedding at `giveUpAt` (epoch ms). */
export type DepsFor = (giveUpAt: number) => Promise<EmbedDeps>;

/** The clients live as long as the process; the embedder has the deadline of its invocation. */
export function embedDeps(environment: EmbedEnvironment, log: Log): DepsFor {
  const s3 = new S3Client({});
  const sqs = new SQSClient({});
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const embedderFor = limitedEmbedder(environment, client);
  const shared = {
    s3,
    deltasBucket: environment.DELTAS_BUCKET,
    deltas: new S3DeltaStore(s3, environment.DELTAS_BUCKET),
    runs: new DynamoRunStore({
      client,
      receiptsTable: environment.RECEIPTS_TABLE,
      controlTable: environment.CONTROL_TABLE,
    }),
    queues: new RunQueues({
      client: sqs,
      queueUrls: { lines: environment.LINES_QUEUE_URLS, words: environment.WORDS_QUEUE_URLS },
      region: environment.AWS_REGION,
    }),
    embedQueue: new EmbedQueue(
      sqs,
      { queue: environment.EMBED_QUEUE_URL, dlq: environment.EMBED_DEAD_LETTER_QUEUE_URL },
      log,
    ),
    backPressure: new BackPressure({
      openRuns: new OpenRuns(client, environment.CONTROL_TABLE),
      maxOpenRuns: environment.MAX_OPEN_RUNS,
      deferSeconds: environment.DEFER_SECONDS,
      now: Date.now,
      random: Math.random,
      log,
    }),
    metrics: loggedMetrics("embed"),
    tokensPerRequest: Math.min(requestLimits.tokens, environment.EMBEDDING_TOKENS_PER_MINUTE),
    requestSize: new RequestSize(environment.EMBEDDING_MAX_INPUTS_PER_REQUEST),
    log,
  };
  return async (giveUpAt) => ({ ...shared, embedder: await embedderFor(giveUpAt) });
}
