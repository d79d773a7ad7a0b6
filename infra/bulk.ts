import type { BulkApi } from "./components/bulk-api.ts";
import type { BulkContexts } from "./components/bulk-args.ts";
import type { CatchUp } from "./components/catch-up.ts";
import type { Network } from "./components/network.ts";
import type { StoredSecret } from "./components/stored-secret.ts";
import type { TracingSettings } from "./components/tracing.ts";
import type { Settings } from "./config.ts";
import type { BulkOutputs } from "./outputs.ts";

interface Neighbours {
  /** Undefined while it is disabled. */
  readonly contexts: BulkContexts | undefined;
  readonly catchUp: CatchUp | undefined;
  readonly embeddingApiKey: StoredSecret;
  readonly network: Network;
  readonly metricsNamespace: string;
  readonly logRetentionDays: number;
  readonly logLevel: string;
  readonly tracing: TracingSettings;
}

/** The bulk API, or undefined if it is disabled. Docker and @pulumi/awsx are not loaded then. */
export async function bulkApiOf(
  name: string,
  { bulk }: Settings,
  { contexts, catchUp, ...rest }: Neighbours,
): Promise<BulkApi | undefined> {
  const { apiKey } = bulk;
  if (contexts === undefined || catchUp === undefined || apiKey === undefined) return undefined;
  const { BulkApi } = await import("./components/bulk-api.ts");
  return new BulkApi(name, { ...rest, contexts, catchUp, settings: bulk, apiKey });
}

export function bulkOutputs({ url, apiKey, logGroups }: BulkApi): BulkOutputs {
  return {
    url,
    apiKeySecret: apiKey.name,
    logGroups: { api: logGroups.api.name, worker: logGroups.worker.name },
  };
}
