import { S3Client } from "@aws-sdk/client-s3";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import { EmbeddingCache } from "../../embedding/cache/embedding-cache.ts";
import { RequestSize } from "../../embedding/embed-each.ts";
import { limitedEmbedder } from "../../embedding/limited-embedder.ts";
import { requestLimits } from "../../embedding/limits.ts";
import type { Telemetry } from "../../process/define-function.ts";
import { systemClock } from "../../resilience/clock.ts";
import type { VectorSpace } from "../chunks/stored-vectors.ts";
import { ModelMissingError } from "../namespaces/namespace-errors.ts";
import { NamespaceModels } from "../namespaces/namespace-models.ts";
import { ObjectStore } from "../sources/object-store.ts";
import type { RunChunkDeps } from "../work/run-chunk.ts";
import type { SettleDeps } from "../work/settle-task.ts";
import type { ChunkConfig } from "./chunk-config.ts";
import { sinkOpener } from "./open-sink.ts";
import { settleDeps } from "./settle-deps.ts";
import { tasksClient } from "./tasks-client.ts";

/** Creates the dependencies of one invocation, whose provider calls must end by `giveUpAt` (epoch milliseconds). */
export type ForInvocation<Deps> = (giveUpAt: number) => Promise<Deps>;

/** The dependencies for processing a chunk: those for settling a task, and both providers. */
export function chunkDeps(
  config: ChunkConfig,
  telemetry: Telemetry,
  client: DynamoDBDocumentClient = tasksClient(),
): ForInvocation<RunChunkDeps & SettleDeps> {
  const shared = settleDeps(config, telemetry, client);
  const embedderFor = limitedEmbedder(config, client);
  const openSink = sinkOpener(config);
  const sink = `${config.SINK}#${config.SINK_PLACE}`;
  const namespaces = new NamespaceModels(client, config.TASKS_TABLE, sink);
  const cache = embeddingCache(config, telemetry);
  const provider = new URL(config.EMBEDDING_BASE_URL).host;
  const requestSize = new RequestSize(config.EMBEDDING_MAX_INPUTS_PER_REQUEST);
  return async (giveUpAt) => ({
    ...shared,
    requestSize,
    cache,
    provider,
    embedderOf: async (model) => embedderFor(giveUpAt, spaceOf(model, config)),
    namespaces,
    defaultModel: config.EMBEDDING_MODEL,
    index: await openSink(giveUpAt),
    tokensPerRequest: Math.min(requestLimits.tokens, config.EMBEDDING_TOKENS_PER_MINUTE),
    rules: { columnTypes: config.COLUMN_TYPES, tokensPerText: config.TOKENS_PER_TEXT },
  });
}

/** The model and dimensions that a request asks for. Throws ModelMissingError. */
export function spaceOf(
  model: string | undefined,
  config: Pick<ChunkConfig, "EMBEDDING_MODEL" | "EMBEDDING_DIMENSIONS" | "FURTHER_MODELS">,
): VectorSpace {
  const own = { model: config.EMBEDDING_MODEL, dimensions: config.EMBEDDING_DIMENSIONS };
  const found = model === undefined ? own : config.FURTHER_MODELS.find((one) => one.model === model);
  // A request that named the model of the stack does not name it, so a name that is that of the stack by now is fine.
  if (found === undefined && model !== own.model) throw new ModelMissingError(model ?? "");
  return found ?? own;
}

/** Shared by all invocations of the process, because it remembers which vectors there are. */
export function embeddingCache(
  { EMBEDDING_CACHE_BUCKET: bucket }: Pick<ChunkConfig, "EMBEDDING_CACHE_BUCKET">,
  { metrics, log }: Telemetry,
): EmbeddingCache | undefined {
  if (bucket === undefined) return undefined;
  const objects = new ObjectStore(new S3Client({}), bucket);
  return new EmbeddingCache({ objects, clock: systemClock, metrics, log });
}
