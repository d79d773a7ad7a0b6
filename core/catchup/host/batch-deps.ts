import { S3Client } from "@aws-sdk/client-s3";
import { RequestSize } from "../../embedding/embed-each.ts";
import { requestLimits } from "../../embedding/limits.ts";
import type { Telemetry } from "../../process/define-function.ts";
import { systemClock } from "../../resilience/clock.ts";
import { readSecret } from "../../settings/secret.ts";
import { BatchProvider } from "../batch/batch-provider.ts";
import type { AdvanceDeps } from "../batch/unit-work.ts";
import { NamespaceModels } from "../namespaces/namespace-models.ts";
import { ObjectStore } from "../sources/object-store.ts";
import { TaskStore } from "../tasks/task-store.ts";
import { UnitStore } from "../tasks/unit-store.ts";
import type { BatchConfig } from "./batch-config.ts";
import { embeddingCache, type ForInvocation, spaceOf } from "./chunk-deps.ts";
import { sinkOpener } from "./open-sink.ts";
import { tasksClient } from "./tasks-client.ts";

/** The dependencies for advancing the batches of a task. */
export function batchDeps(config: BatchConfig, telemetry: Telemetry): ForInvocation<AdvanceDeps> {
  const client = tasksClient();
  const s3 = new S3Client({});
  const openSink = sinkOpener(config);
  const shared = {
    ...telemetry,
    tasks: new TaskStore(client, config.TASKS_TABLE),
    units: new UnitStore(client, config.TASKS_TABLE),
    source: new ObjectStore(s3, config.SOURCE_BUCKET),
    work: new ObjectStore(s3, config.WORK_BUCKET),
    namespaces: new NamespaceModels(client, config.TASKS_TABLE, `${config.SINK}#${config.SINK_PLACE}`),
    defaultModel: config.EMBEDDING_MODEL,
    cache: embeddingCache(config, telemetry),
    provider: new URL(config.EMBEDDING_BASE_URL).host,
    spaceOf: (model: string | undefined) => spaceOf(model, config),
    requestSize: new RequestSize(config.EMBEDDING_MAX_INPUTS_PER_REQUEST),
    // The limits per minute do not count batches.
    tokensPerRequest: requestLimits.tokens,
    rules: { columnTypes: config.COLUMN_TYPES, tokensPerText: config.TOKENS_PER_TEXT },
    clock: systemClock,
  };
  return async (giveUpAt) => ({
    ...shared,
    index: await openSink(giveUpAt),
    batches: await batchProvider(config, giveUpAt),
  });
}

/** The Batch API of the stack's provider, for one invocation. */
export async function batchProvider(
  config: Pick<BatchConfig, "EMBEDDING_API_KEY_SECRET" | "EMBEDDING_BASE_URL">,
  giveUpAt: number,
): Promise<BatchProvider> {
  const apiKey = await readSecret(config.EMBEDDING_API_KEY_SECRET, "embedding:apiKey");
  return new BatchProvider({ apiKey, baseUrl: config.EMBEDDING_BASE_URL, giveUpAt });
}
