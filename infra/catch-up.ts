import type { FunctionDefaults } from "./components/bundled-function.ts";
import { CatchUp } from "./components/catch-up.ts";
import type { CatchUpCode } from "./components/catch-up-args.ts";
import type { SinkArgs } from "./components/catch-up-sink.ts";
import type { Existing } from "./components/existing.ts";
import type { FunctionEgress } from "./components/function-egress.ts";
import type { Network } from "./components/network.ts";
import type { Storage } from "./components/storage.ts";
import type { StoredSecret } from "./components/stored-secret.ts";
import type { Settings } from "./config.ts";
import type { CatchUpOutputs } from "./outputs.ts";

const https = 443;

interface Neighbours {
  /** Undefined if the system is disabled. */
  readonly code: CatchUpCode | undefined;
  readonly apiKey: StoredSecret;
  readonly storage: Storage;
  readonly existing: Existing;
  readonly network: Network;
  readonly defaults: FunctionDefaults;
}

/** The catch-up system, or undefined if it is disabled. The rules of the settings have checked its requirements. */
export function catchUpOf(
  name: string,
  { catchup, embedding, storage: { keepData } }: Settings,
  { code, apiKey, storage, existing, network, defaults }: Neighbours,
): CatchUp | undefined {
  const { enabled, metabaseApiKey, metabaseUrl } = catchup;
  const sink = sinkOf(catchup, keepData);
  if (!enabled || code === undefined || catchup.apiKey === undefined || sink === undefined) return undefined;
  return new CatchUp(name, {
    code,
    settings: catchup,
    sink,
    secrets: { apiKey: catchup.apiKey, metabaseApiKey },
    embedding,
    embeddingApiKey: apiKey,
    control: storage.control,
    sourceBucket: existing.sourceBucket,
    runEgress: catchup.inVpc
      ? egressTo(
          [
            embedding.baseUrl,
            ...("address" in sink ? [sink.address] : []),
            ...(metabaseUrl === undefined ? [] : [metabaseUrl]),
          ],
          network,
        )
      : undefined,
    keepData,
    defaults,
  });
}

/** Undefined if a setting of it is missing. */
function sinkOf(
  { sink, pineconeHost, pineconeApiKey, chromaUrl, chromaDatabase, chromaApiKey }: Settings["catchup"],
  keepData: boolean,
): SinkArgs | undefined {
  switch (sink) {
    case "pinecone":
      if (pineconeHost === undefined || pineconeApiKey === undefined) return undefined;
      return { sink, address: pineconeHost, apiKey: pineconeApiKey };
    case "chroma":
      if (chromaUrl === undefined) return undefined;
      return { sink, address: databaseUrl(chromaUrl, chromaDatabase), apiKey: chromaApiKey };
    case "s3vectors":
      return { sink, keepData };
  }
}

/** Returns the URL of a database in Chroma's API: `{url}/api/v2/tenants/{tenant}/databases/{database}` */
function databaseUrl(url: string, tenantAndDatabase: string): string {
  const [tenant, database] = tenantAndDatabase.split("/");
  return `${url.replace(/\/+$/, "")}/api/v2/tenants/${tenant}/databases/${database}`;
}

/** Egress to AWS and to the ports of these URLs. */
function egressTo(addresses: readonly string[], network: Network): FunctionEgress {
  const ports = addresses.map((address) => Number(new URL(address).port || https));
  return { network, ports: [...new Set([https, ...ports])] };
}

export function catchUpOutputs({
  api,
  apiKey,
  source,
  work,
  cache,
  tasks,
  machine,
  unsettled,
  functions,
  watch,
}: CatchUp): CatchUpOutputs {
  return {
    url: api.url,
    authorization: api.authorization,
    apiKeySecret: apiKey.name,
    sourceBucket: source.name,
    workBucket: work.name,
    ...(cache && { cacheBucket: cache.name }),
    tasksTable: tasks.name,
    stateMachineArn: machine.machine.arn,
    unsettledQueueUrl: unsettled.url,
    functions: {
      api: functions.api.function.name,
      run: functions.run.function.name,
      chunk: functions.chunk.function.name,
      batch: functions.batch.function.name,
      settle: functions.settle.function.name,
      watch: watch.function.name,
    },
    logGroups: {
      api: functions.api.logGroup.name,
      run: functions.run.logGroup.name,
      chunk: functions.chunk.logGroup.name,
      batch: functions.batch.logGroup.name,
      settle: functions.settle.logGroup.name,
      watch: watch.logGroup.name,
    },
  };
}
