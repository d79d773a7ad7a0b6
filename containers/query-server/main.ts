import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { collections, type ShardName, shardNames } from "../../contract/collections.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import { OpenAiEmbedder } from "../../core/embedding/openai-embedder.ts";
import { metricsLoggedAtOnce } from "../../core/metrics.ts";
import { defineService } from "../../core/process/define-service.ts";
import { unlimited } from "../../core/resilience/rate-limiter.ts";
import { DynamoRunStore } from "../../core/runs/dynamo-run-store.ts";
import { runStatus } from "../../core/runs/run-status.ts";
import { ChromaGenerations } from "../../core/search/chroma-generations.ts";
import { QueryService } from "../../core/search/query-service.ts";
import { readSecret } from "../../core/settings/secret.ts";
import { queryServerConfig } from "./config.ts";

/** The polling interval of a head that stands still, and the timeout of embedding a query. */
const pollMs = 1_000;
const embedWithinMs = 10_000;

const metrics = metricsLoggedAtOnce("query-server");

defineService({
  name: "query-server",
  config: queryServerConfig,
  async run(config, { log, onStop, exit }) {
    const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
    const deltas = new S3DeltaStore(new S3Client({}), config.DELTAS_BUCKET);
    const shards = collections.flatMap((collection) => shardNames(collection, config.COLLECTION_SHARDS));
    const generationsOf = (shard: ShardName) =>
      new ChromaGenerations({
        client,
        controlTable: config.CONTROL_TABLE,
        collectionsPath: config.COLLECTIONS_PATH,
        shard,
        model: config.EMBEDDING_MODEL,
        dimensions: config.EMBEDDING_DIMENSIONS,
        library: join(import.meta.dirname, "chroma.node"),
        scratch: tmpdir(),
        exactVectors: config.QUERY_EXACT_VECTORS,
        deltas,
        metrics,
      });
    const { RECEIPTS_TABLE: sourceTable, CONTROL_TABLE: controlTable } = config;
    const runs = new DynamoRunStore({ client, sourceTable, controlTable });
    const service = await QueryService.start({
      sources: new Map(shards.map((shard) => [shard, generationsOf(shard)])),
      embedder: new OpenAiEmbedder({
        apiKey: await readSecret(config.EMBEDDING_API_KEY_SECRET, "embedding:apiKey"),
        baseUrl: config.EMBEDDING_BASE_URL,
        model: config.EMBEDDING_MODEL,
        dimensions: config.EMBEDDING_DIMENSIONS,
        limiter: unlimited,
        giveUpAt: () => Date.now() + embedWithinMs,
      }),
      apiKey: await readSecret(config.SEARCH_API_KEY_SECRET, "query:apiKey"),
      host: config.LISTEN_HOST,
      port: config.PORT,
      pollMs,
      statusOf: (document) => runStatus(runs, document),
      minCosine: config.QUERY_MIN_COSINE_PERCENT / 100,
      log,
      metrics,
    });
    log.info("Listening", { host: config.LISTEN_HOST, port: service.port });
    onStop(async () => {
      await service.stop();
      await exit(0);
    });
  },
});
