import type { CollectionsFileSystem } from "./components/collections-file-system.ts";
import type { CompactionWorker, CompactionWorkerArgs } from "./components/compaction-worker.ts";
import type { Network } from "./components/network.ts";
import type { QueryService } from "./components/query-service.ts";
import type { Storage } from "./components/storage.ts";
import type { StoredSecret } from "./components/stored-secret.ts";
import type { Settings } from "./config.ts";

/** Docker and @pulumi/awsx are not loaded while the function compacts. */
export async function compactionWorker(
  name: string,
  context: string | undefined,
  args: Omit<CompactionWorkerArgs, "context">,
): Promise<CompactionWorker | undefined> {
  if (context === undefined) return undefined;
  const { CompactionWorker } = await import("./components/compaction-worker.ts");
  return new CompactionWorker(name, { ...args, context });
}

interface Neighbours {
  /** The Docker build context; undefined while the service is disabled. */
  readonly queryContext: string | undefined;
  readonly searchApiKey: StoredSecret | undefined;
  readonly storage: Storage;
  readonly network: Network;
  readonly files: CollectionsFileSystem;
  readonly apiKey: StoredSecret;
  readonly metricsNamespace: string;
}

/** Docker and @pulumi/awsx are not loaded while the service is disabled. */
export async function queryService(
  name: string,
  { query, embedding, compaction, logs, tracing }: Settings,
  { queryContext, searchApiKey, storage, network, files, apiKey, metricsNamespace }: Neighbours,
): Promise<QueryService | undefined> {
  if (queryContext === undefined || searchApiKey === undefined) return undefined;
  const { QueryService } = await import("./components/query-service.ts");
  return new QueryService(name, {
    context: queryContext,
    settings: query,
    embedding,
    collectionShards: compaction.collectionShards,
    embeddingApiKey: apiKey,
    searchApiKey,
    storage,
    files,
    network,
    metricsNamespace,
    logRetentionDays: logs.retentionDays,
    logLevel: logs.level,
    tracing,
  });
}
