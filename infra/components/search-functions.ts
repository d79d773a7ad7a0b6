import * as pulumi from "@pulumi/pulumi";
import { collections, shardNames } from "../../contract/collections.ts";
import type { searchConfig } from "../../functions/search/config.ts";
import type { searchShardConfig } from "../../functions/search-shard/config.ts";
import type { Settings } from "../config.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import { embeddingEnvironment } from "./embedding-environment.ts";
import { environmentOf } from "./environment.ts";
import type { Mirror } from "./mirror.ts";
import type { Network } from "./network.ts";
import { allow, invoke, itemsOf, list, readObjects, readSecrets, type Statement } from "./permissions.ts";
import type { Storage } from "./storage.ts";
import type { StoredSecret } from "./stored-secret.ts";

const collectionsPath = "/mnt/collections";
/** API Gateway's maximum. */
const answerTimeoutSeconds = 29;
/**
 * Longer than callers wait: opening continues after a caller's timeout, so that a later request finds a warm process.
 */
const openTimeoutSeconds = 300;
const [minScratchMiB, maxScratchMiB] = [512, 10_240];

export interface SearchCode {
  /** Answers callers. */
  readonly search: pulumi.asset.Archive;
  /** Searches one shard. */
  readonly shard: pulumi.asset.Archive;
}

export interface SearchFunctionsArgs {
  readonly code: SearchCode;
  readonly settings: Settings["query"];
  readonly embedding: Settings["embedding"];
  /** The number of shards of each collection. */
  readonly collectionShards: number;
  /** Answers in place of the shards' snapshots. */
  readonly mirror: Mirror | undefined;
  /** The key of the embedding provider. */
  readonly apiKey: StoredSecret;
  readonly storage: Storage;
  readonly network: Network;
  readonly files: CollectionsFileSystem;
  readonly defaults: FunctionDefaults;
}

/**
 * Search without a server: `search` embeds the text outside the VPC, and invokes for each shard the function that has the
 * snapshot of that shard in memory, in the VPC with the file system read-only. With a mirror, `search` queries that, and there
 * are no other functions. Nothing of it costs money while idle.
 */
export class SearchFunctions extends pulumi.ComponentResource {
  /** Answers callers. */
  readonly search: BundledFunction;
  /** The function that searches each shard, by shard name. */
  readonly shards: ReadonlyMap<string, BundledFunction>;

  constructor(name: string, args: SearchFunctionsArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:SearchFunctions", name, {}, options);
    this.shards = new Map(
      collections
        .flatMap((collection) => (args.mirror ? [] : shardNames(collection, args.collectionShards)))
        .map((shard) => [shard, this.shard(`${name}-${shard}`, shard, args)]),
    );
    this.search = this.answering(name, args);
    this.registerOutputs();
  }

  private answering(name: string, args: SearchFunctionsArgs): BundledFunction {
    const { embedding, apiKey, storage } = args;
    return new BundledFunction(
      name,
      {
        ...args.defaults,
        description: "Answers callers of the search API",
        code: args.code.search,
        timeoutSeconds: answerTimeoutSeconds,
        memoryMiB: 512,
        after: [apiKey.version],
        environment: environmentOf<typeof searchConfig>({
          CONTROL_TABLE: storage.control.name,
          RECEIPTS_TABLE: storage.receipts.name,
          ...embeddingEnvironment(embedding, apiKey),
          EMBEDDING_REQUESTS_PER_MINUTE: String(embedding.requestsPerMinute),
          EMBEDDING_TOKENS_PER_MINUTE: String(embedding.tokensPerMinute),
          COLLECTION_SHARDS: String(args.collectionShards),
          QUERY_BACKEND: args.mirror ? "s3vectors" : "snapshot",
          SHARD_FUNCTION_PREFIX: args.mirror ? "" : `${name}-`,
          MIRROR_BUCKET: args.mirror?.bucket.vectorBucketName ?? "",
        }),
        statements: [
          ...(args.mirror
            ? readMirror(args.mirror, storage)
            : [invoke(...[...this.shards.values()].map((shard) => shard.function))]),
          itemsOf(storage.control, ["GetItem", "UpdateItem"], ["LIMITER#*"]),
          // For GET /runs.
          itemsOf(storage.control, ["GetItem"], ["RECEIPT#*"]),
          itemsOf(storage.receipts, ["GetItem"], ["IMAGE#*"]),
          readSecrets(apiKey),
        ],
      },
      { parent: this },
    );
  }

  private shard(name: string, shard: string, args: SearchFunctionsArgs): BundledFunction {
    const { settings, embedding, storage } = args;
    return new BundledFunction(
      name,
      {
        ...args.defaults,
        description: `Searches ${shard}`,
        code: args.code.shard,
        timeoutSeconds: openTimeoutSeconds,
        memoryMiB: settings.lambdaMemoryMiB,
        scratchMiB: scratchMiB(settings.lambdaMaxVectors, embedding.dimensions),
        mount: { files: args.files, network: args.network, path: collectionsPath, readOnly: true },
        environment: environmentOf<typeof searchShardConfig>({
          CONTROL_TABLE: storage.control.name,
          DELTAS_BUCKET: storage.deltas.name,
          COLLECTIONS_PATH: collectionsPath,
          COLLECTION_SHARDS: String(args.collectionShards),
          SHARD: shard,
          EMBEDDING_MODEL: embedding.model,
          EMBEDDING_DIMENSIONS: String(embedding.dimensions),
          QUERY_MAX_VECTORS: String(settings.lambdaMaxVectors),
          QUERY_MIN_COSINE_PERCENT: String(settings.minCosinePercent),
        }),
        statements: [
          itemsOf(storage.control, ["GetItem"], ["COLLECTION#*"]),
          list(storage.deltas),
          readObjects(storage.deltas, "deltas/"),
        ],
      },
      { parent: this },
    );
  }
}

/** Queries of the indexes, and the heads of the mirrors. A query that returns metadata needs GetVectors too. */
function readMirror({ indexArns }: Mirror, { control }: Storage): Statement[] {
  return [
    allow(["s3vectors:QueryVectors", "s3vectors:GetVectors"], [...indexArns.values()]),
    itemsOf(control, ["GetItem"], ["COLLECTION#*"]),
  ];
}

/** Returns the size of a copy of one base: per vector its numbers and some 1.5 kB. */
function scratchMiB(vectors: number, dimensions: number): number {
  const needed = Math.ceil((vectors * (4 * dimensions + 1_536)) / 2 ** 20);
  return Math.min(maxScratchMiB, Math.max(minScratchMiB, needed));
}
