import * as pulumi from "@pulumi/pulumi";
import type { verifyConfig } from "../../functions/verify/config.ts";
import type { Settings } from "../config.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import type { Compaction } from "./compaction.ts";
import { environmentOf } from "./environment.ts";
import type { Network } from "./network.ts";
import { allow, items, list, readObjects } from "./permissions.ts";
import type { Storage } from "./storage.ts";

const collectionsPath = "/mnt/collections";
/** Lambda's maximum. The next invocation continues a large shard. */
const timeoutSeconds = 900;

export interface VerificationArgs {
  readonly code: pulumi.asset.Archive;
  readonly settings: Settings["verify"];
  /** It opens a generation, as compaction does. */
  readonly size: Pick<Settings["compaction"], "foldMemoryMiB" | "foldScratchMiB">;
  /** The settings that determine how the search opens shards, because the check must search in the same way. */
  readonly query: Pick<Settings["query"], "host" | "exactVectors" | "lambdaMaxVectors">;
  readonly storage: Storage;
  readonly files: CollectionsFileSystem;
  readonly network: Network;
  /** Owner of the queues that can hold changes in flight. */
  readonly compaction: Compaction;
  readonly defaults: FunctionDefaults;
}

/**
 * The function that `npm run verify` invokes, because an operator cannot mount the file system. It only reads, has no
 * other trigger, and costs nothing when idle.
 */
export class Verification extends pulumi.ComponentResource {
  readonly verify: BundledFunction;

  constructor(name: string, args: VerificationArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:Verification", name, {}, options);
    const { storage } = args;
    const { lines, words, variables } = args.compaction;
    this.verify = new BundledFunction(
      name,
      {
        ...args.defaults,
        description: "Compares published collections with the tables and deltas",
        code: args.code,
        timeoutSeconds,
        memoryMiB: args.size.foldMemoryMiB,
        scratchMiB: args.size.foldScratchMiB,
        mount: { files: args.files, network: args.network, path: collectionsPath, readOnly: true },
        environment: environmentOf<typeof verifyConfig>({
          ...variables.generations,
          SETTLE_SECONDS: String(args.settings.settleSeconds),
          ...searchEnvironment(args.query),
        }),
        statements: [
          allow(
            ["sqs:GetQueueAttributes"],
            [...lines.queues, ...words.queues].map(({ arn }) => arn),
          ),
          list(storage.deltas),
          readObjects(storage.deltas, "deltas/"),
          items(storage.receipts, ["GetItem", "Query"]),
          items(storage.control, ["GetItem", "Scan"]),
        ],
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

/** Search functions hold a whole shard in memory; the query server uses Chroma's index above a limit. */
function searchEnvironment({ host, exactVectors, lambdaMaxVectors }: VerificationArgs["query"]) {
  if (host === "ecs") return { QUERY_EXACT_VECTORS: String(exactVectors) };
  return { QUERY_EXACT_VECTORS: String(lambdaMaxVectors), QUERY_MAX_VECTORS: String(lambdaMaxVectors) };
}
