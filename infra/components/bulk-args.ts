import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import type { CatchUp } from "./catch-up.ts";
import type { Network } from "./network.ts";
import type { StoredSecret } from "./stored-secret.ts";
import type { TracingSettings } from "./tracing.ts";

/** Docker's build contexts of the bulk API. */
export interface BulkContexts {
  readonly api: string;
  readonly worker: string;
  /** The digest of both contents. */
  readonly digest: string;
}

export interface BulkApiArgs {
  readonly contexts: BulkContexts;
  readonly settings: Settings["bulk"];
  readonly apiKey: pulumi.Output<string>;
  /** Tasks, buckets and providers are those of the catch-up system. */
  readonly catchUp: CatchUp;
  readonly embeddingApiKey: StoredSecret;
  readonly network: Network;
  readonly metricsNamespace: string;
  readonly logRetentionDays: number;
  readonly logLevel: string;
  readonly tracing: TracingSettings;
}
