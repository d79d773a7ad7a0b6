import type * as pulumi from "@pulumi/pulumi";
import type { FunctionDefaults } from "./components/bundled-function.ts";
import type { CollectionsFileSystem } from "./components/collections-file-system.ts";
import type { Mirror } from "./components/mirror.ts";
import type { Network } from "./components/network.ts";
import { SearchApi } from "./components/search-api.ts";
import { type SearchCode, SearchFunctions } from "./components/search-functions.ts";
import type { Storage } from "./components/storage.ts";
import type { StoredSecret } from "./components/stored-secret.ts";
import type { Settings } from "./config.ts";
import type { SearchOutputs } from "./outputs.ts";
import type { GatewayAuthorization } from "./settings/gateway-authorization.ts";

interface Neighbours {
  /** Undefined if functions do not serve the search. */
  readonly code: SearchCode | undefined;
  /** The key that callers send. */
  readonly searchApiKey: pulumi.Output<string> | undefined;
  /** The key of the embedding provider. */
  readonly apiKey: StoredSecret;
  readonly storage: Storage;
  readonly network: Network;
  readonly files: CollectionsFileSystem;
  /** Undefined if the collections are not mirrored. */
  readonly mirror: Mirror | undefined;
  readonly defaults: FunctionDefaults;
}

export interface Search {
  readonly functions: SearchFunctions;
  readonly url: pulumi.Output<string>;
  readonly authorization: GatewayAuthorization;
}

/**
 * Declares the search API of functions; undefined if the query server serves the search, or if search is not enabled.
 */
export function searchOf(
  name: string,
  { query, embedding, compaction }: Settings,
  { code, searchApiKey, apiKey, storage, network, files, mirror, defaults }: Neighbours,
): Search | undefined {
  if (code === undefined || searchApiKey === undefined) return undefined;
  const functions = new SearchFunctions(name, {
    code,
    settings: query,
    embedding,
    collectionShards: compaction.collectionShards,
    mirror: query.backend === "s3vectors" ? mirror : undefined,
    apiKey,
    storage,
    network,
    files,
    defaults,
  });
  const { url } = new SearchApi(`${name}-api`, {
    search: functions.search,
    settings: query,
    apiKey: searchApiKey,
    isTraced: defaults.tracing.enabled,
  });
  return { functions, url, authorization: query.authorization };
}

export function searchOutputs({ functions: { search, shards }, authorization }: Search): SearchOutputs {
  return {
    authorization,
    function: search.function.name,
    logGroup: search.logGroup.name,
    shards: Object.fromEntries(
      [...shards].map(([shard, { function: searched, logGroup }]) => [
        shard,
        { function: searched.name, logGroup: logGroup.name },
      ]),
    ),
  };
}
