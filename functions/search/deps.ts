import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Embedder } from "../../core/embedding/embedder.ts";
import { limitedEmbedder } from "../../core/embedding/limited-embedder.ts";
import type { Telemetry } from "../../core/process/define-function.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { runStatus } from "../../core/runs/run-status.ts";
import { QueryVectors } from "../../core/search/query-vectors.ts";
import type { AnswerDeps } from "../../core/search/shards/answer-request.ts";
import { mirrorBackend, snapshotBackend } from "./backends.ts";
import type { SearchConfig } from "./config.ts";

/** The number of query texts whose vectors are cached while the process lives. */
const rememberedTexts = 1_000;
const maxEmbedMs = 10_000;

export interface SearchFunctionDeps {
  readonly telemetry: Telemetry;
  /** Returns the dependencies of one request with the deadline `giveUpAt` (epoch milliseconds). */
  readonly answersFor: (giveUpAt: number) => AnswerDeps;
}

/** The clients and the cached vectors live as long as the process. */
export function searchDeps(config: SearchConfig, telemetry: Telemetry): SearchFunctionDeps {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const embedderFor = limitedEmbedder(config, client);
  const embedder: Embedder = {
    model: config.EMBEDDING_MODEL,
    dimensions: config.EMBEDDING_DIMENSIONS,
    embed: async (texts) => (await embedderFor(Date.now() + maxEmbedMs)).embed(texts),
  };
  const { RECEIPTS_TABLE: sourceTable, CONTROL_TABLE: controlTable } = config;
  const runs = new DynamoRunStore({ client, sourceTable, controlTable });
  const vectors = new QueryVectors(embedder, rememberedTexts);
  const openBackend =
    config.QUERY_BACKEND === "snapshot"
      ? snapshotBackend(config, vectors)
      : mirrorBackend(config, vectors, client);
  return {
    telemetry,
    answersFor: (giveUpAt) => ({
      ...openBackend(giveUpAt),
      statusOf: (document) => runStatus(runs, document),
      dimensions: config.EMBEDDING_DIMENSIONS,
    }),
  };
}
