import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { OpenAiEmbedder } from "../../core/embedding/openai-embedder.ts";
import { errorFields } from "../../core/log.ts";
import { metricsLoggedAtOnce } from "../../core/metrics.ts";
import { processLog } from "../../core/process-log.ts";
import { collections } from "../../core/receipts/receipt.ts";
import { type ShardName, shardNames } from "../../core/receipts/shards.ts";
import { unlimited } from "../../core/resilience/rate-limiter.ts";
import { ChromaGenerations } from "../../core/search/chroma-generations.ts";
import { QueryService } from "../../core/search/query-service.ts";
import { readEnvironment } from "../../core/settings/environment.ts";
import { readSecret } from "../../core/settings/secret.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";
import { queryServerEnvironment } from "./environment.ts";

/** How often the head is looked at, and how long a caller waits for the vector of a text. */
const pollMs = 1_000;
const embedWithinMs = 10_000;

const log = processLog("query-server");
const metrics = metricsLoggedAtOnce("query-server");

async function main(): Promise<void> {
  const environment = readEnvironment(queryServerEnvironment);
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
  const shards = collections.flatMap((collection) => shardNames(collection, environment.COLLECTION_SHARDS));
  const generationsOf = (shard: ShardName) =>
    new ChromaGenerations({
      client,
      controlTable: environment.CONTROL_TABLE,
      collectionsPath: environment.COLLECTIONS_PATH,
      shard,
      model: environment.EMBEDDING_MODEL,
      dimensions: environment.EMBEDDING_DIMENSIONS,
      library: join(import.meta.dirname, "chroma.node"),
      scratch: tmpdir(),
      exactVectors: environment.QUERY_EXACT_VECTORS,
      metrics,
    });
  const service = await QueryService.start({
    sources: new Map(shards.map((shard) => [shard, generationsOf(shard)])),
    embedder: new OpenAiEmbedder({
      apiKey: await readSecret(environment.EMBEDDING_API_KEY_SECRET, "embedding:apiKey"),
      baseUrl: environment.EMBEDDING_BASE_URL,
      model: environment.EMBEDDING_MODEL,
      dimensions: environment.EMBEDDING_DIMENSIONS,
      limiter: unlimited,
      giveUpAt: () => Date.now() + embedWithinMs,
    }),
    apiKey: await readSecret(environment.SEARCH_API_KEY_SECRET, "query:apiKey"),
    host: environment.LISTEN_HOST,
    port: environment.PORT,
    pollMs,
    minCosine: environment.QUERY_MIN_COSINE_PERCENT / 100,
    log,
  });
  log.info("Listening", { host: environment.LISTEN_HOST, port: service.port });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop(service, signal));
}

async function stop(service: QueryService, signal: string): Promise<void> {
  log.info("Stopping", { signal });
  await service.stop();
  process.exit(0);
}

main().catch((error: Error) => {
  const unforeseen = error instanceof VectorkeepError ? {} : { stack: error.stack };
  log.error("The query server failed", { ...errorFields(error), ...unforeseen });
  process.exitCode = 1;
});
