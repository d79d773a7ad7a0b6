import type * as pulumi from "@pulumi/pulumi";
import type { FunctionDefaults } from "./components/bundled-function.ts";
import { MerchantResolver } from "./components/merchant-resolver.ts";
import type { Storage } from "./components/storage.ts";
import type { StoredSecret } from "./components/stored-secret.ts";
import type { Settings } from "./config.ts";
import type { MerchantsOutputs } from "./outputs.ts";

interface Neighbours {
  /** Undefined if merchants are not looked for. */
  readonly code: pulumi.asset.Archive | undefined;
  /** Both undefined in a stack without a search API. */
  readonly searchUrl: pulumi.Output<string> | undefined;
  readonly searchApiKey: StoredSecret | undefined;
  readonly storage: Storage;
  readonly defaults: FunctionDefaults;
}

/** Declares the resolver of merchants; undefined if it is disabled. */
export function merchantResolverOf(
  name: string,
  { merchants }: Settings,
  { code, searchUrl: url, searchApiKey: apiKey, storage, defaults }: Neighbours,
): MerchantResolver | undefined {
  if (code === undefined) return undefined;
  const search = url && apiKey && { url, apiKey };
  return new MerchantResolver(name, { code, settings: merchants, storage, search, defaults });
}

export function merchantsOutputs({ queue, deadLetters, resolver }: MerchantResolver): MerchantsOutputs {
  return {
    queueUrl: queue.url,
    deadLetterQueueUrl: deadLetters.url,
    function: resolver.function.name,
    logGroup: resolver.logGroup.name,
  };
}
