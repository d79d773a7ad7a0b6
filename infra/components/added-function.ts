import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import type { BundledFunction, FunctionDefaults } from "./bundled-function.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import type { Compaction } from "./compaction.ts";
import type { Network } from "./network.ts";
import type { Storage } from "./storage.ts";
import type { StoredSecret } from "./stored-secret.ts";

/** The parts of the stack that an added function may use. */
export interface AddedFunctionArgs {
  readonly code: pulumi.asset.Archive;
  readonly settings: Settings;
  readonly storage: Storage;
  readonly compaction: Compaction;
  readonly files: CollectionsFileSystem;
  readonly network: Network;
  /** API key of the embedding provider. */
  readonly apiKey: StoredSecret;
  readonly defaults: FunctionDefaults;
}

/** Declares a function and its trigger under a name. */
export type DeclareFunction = (name: string, args: AddedFunctionArgs) => BundledFunction;
