import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import { urlsOf } from "./collection-queues.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import type { Compaction } from "./compaction.ts";
import type { Network } from "./network.ts";
import { items, sendTo } from "./permissions.ts";
import type { Storage } from "./storage.ts";

const collectionsPath = "/mnt/collections";

export interface GenerationsArgs {
  readonly code: pulumi.asset.Archive;
  readonly leaseSeconds: number;
  readonly embedding: Pick<Settings["embedding"], "model" | "dimensions">;
  readonly storage: Storage;
  readonly files: CollectionsFileSystem;
  readonly network: Network;
  /** Owner of the queues that receipts are driven through again. */
  readonly compaction: Compaction;
  readonly defaults: FunctionDefaults;
}

/**
 * The function that `npm run generations` invokes, since the file system is out of an operator's reach: it lists the
 * generations of a collection and publishes an old one again. Nothing else invokes it, and idle it costs nothing. It is
 * not among the functions that are watched: whoever invokes it is told what went wrong.
 */
export class Generations extends pulumi.ComponentResource {
  readonly generations: BundledFunction;

  constructor(name: string, args: GenerationsArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:Generations", name, {}, options);
    const { storage, embedding } = args;
    const { lines, words } = args.compaction;
    this.generations = new BundledFunction(
      name,
      {
        ...args.defaults,
        description: "Lists the generations of a collection and publishes an old one again",
        code: args.code,
        // It waits for the lease, reads every byte of a generation and drives thousands of receipts again.
        timeoutSeconds: 900,
        memoryMiB: 1024,
        mount: { files: args.files, network: args.network, path: collectionsPath },
        environment: {
          RECEIPTS_TABLE: storage.receipts.name,
          CONTROL_TABLE: storage.control.name,
          LINES_QUEUE_URLS: urlsOf(lines.queues),
          WORDS_QUEUE_URLS: urlsOf(words.queues),
          COLLECTIONS_PATH: collectionsPath,
          EMBEDDING_MODEL: embedding.model,
          EMBEDDING_DIMENSIONS: String(embedding.dimensions),
          LEASE_SECONDS: String(args.leaseSeconds),
        },
        statements: [
          sendTo(...lines.queues, ...words.queues),
          items(storage.receipts, ["GetItem", "UpdateItem"]),
          items(storage.control, ["GetItem", "PutItem", "UpdateItem"]),
        ],
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
