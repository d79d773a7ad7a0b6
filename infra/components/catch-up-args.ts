import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import type { FunctionDefaults } from "./bundled-function.ts";
import type { SinkArgs } from "./catch-up-sink.ts";
import type { FunctionEgress } from "./function-egress.ts";
import type { Named } from "./named.ts";
import type { StoredSecret } from "./stored-secret.ts";

/** The code of the catch-up system's functions. */
export interface CatchUpCode {
  readonly api: pulumi.asset.Archive;
  readonly run: pulumi.asset.Archive;
  readonly chunk: pulumi.asset.Archive;
  readonly batch: pulumi.asset.Archive;
  readonly settle: pulumi.asset.Archive;
  readonly watch: pulumi.asset.Archive;
}

/** Secrets of the catch-up system. */
export interface CatchUpSecrets {
  readonly apiKey: pulumi.Output<string>;
  readonly metabaseApiKey: pulumi.Output<string> | undefined;
}

export interface CatchUpArgs {
  readonly code: CatchUpCode;
  readonly settings: Settings["catchup"];
  readonly sink: SinkArgs;
  readonly secrets: CatchUpSecrets;
  readonly embedding: Settings["embedding"];
  readonly embeddingApiKey: StoredSecret;
  /** Holds the rate limiter that the whole stack shares. */
  readonly control: Named;
  /** An existing bucket with CSV files. @default the stack's own bucket */
  readonly sourceBucket: Named | undefined;
  /** Egress of the function that queries Metabase, from inside a VPC. @default outside any VPC */
  readonly runEgress: FunctionEgress | undefined;
  /** Whether deleting the stack is refused while it holds data. */
  readonly keepData: boolean;
  readonly defaults: FunctionDefaults;
}
