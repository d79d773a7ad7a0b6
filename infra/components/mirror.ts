import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { collections, type ShardName, shardNames } from "../../contract/collections.ts";
import { mirrorIndexName, unfilterableMirrorKeys } from "../../contract/mirror.ts";
import type { mirrorConfig } from "../../functions/mirror/config.ts";
import type { Settings } from "../config.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import { type Compaction, collectionsPath } from "./compaction.ts";
import { environmentOf } from "./environment.ts";
import type { Network } from "./network.ts";
import { allow, itemsOf, list, readObjects } from "./permissions.ts";
import { scheduled } from "./scheduled.ts";
import type { Storage } from "./storage.ts";

/** Lambda's maximum, for the first comparison of a large shard. */
const timeoutSeconds = 900;
const everyMinutes = 1;

export interface MirrorArgs {
  readonly code: pulumi.asset.Archive;
  readonly size: Settings["compaction"];
  readonly dimensions: number;
  readonly storage: Storage;
  readonly files: CollectionsFileSystem;
  readonly network: Network;
  readonly compaction: Compaction;
  readonly defaults: FunctionDefaults;
}

/**
 * A vector bucket with a copy of each published shard, and the function that keeps it up to date. The copy is derived:
 * it is deleted with its setting, and a new one is filled from what is published.
 */
export class Mirror extends pulumi.ComponentResource {
  readonly bucket: aws.s3.VectorsVectorBucket;
  /** ARN of the index of each shard. */
  readonly indexArns: ReadonlyMap<ShardName, pulumi.Output<string>>;
  readonly mirror: BundledFunction;

  constructor(name: string, args: MirrorArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:Mirror", name, {}, options);
    const { storage, size, compaction } = args;
    const inside = { parent: this, protect: false };
    this.bucket = new aws.s3.VectorsVectorBucket(
      name,
      { vectorBucketName: name, forceDestroy: true },
      inside,
    );
    const shards = collections.flatMap((collection) => shardNames(collection, size.collectionShards));
    this.indexArns = new Map(shards.map((shard) => [shard, this.index(name, shard, args)]));
    this.mirror = new BundledFunction(
      name,
      {
        ...args.defaults,
        description: "Brings the mirror of a collection to its published generation",
        code: args.code,
        timeoutSeconds,
        memoryMiB: size.foldMemoryMiB,
        scratchMiB: size.foldScratchMiB,
        mount: { files: args.files, network: args.network, path: collectionsPath, readOnly: true },
        environment: environmentOf<typeof mirrorConfig>({
          ...compaction.variables.generations,
          MIRROR_BUCKET: this.bucket.vectorBucketName,
          LEASE_SECONDS: String(size.leaseSeconds),
        }),
        statements: [
          list(storage.deltas),
          readObjects(storage.deltas, "deltas/"),
          itemsOf(storage.control, ["GetItem", "UpdateItem"], ["COLLECTION#*"]),
          allow(
            ["GetIndex", "PutVectors", "DeleteVectors", "ListVectors", "GetVectors"].map(
              (action) => `s3vectors:${action}`,
            ),
            [...this.indexArns.values()],
          ),
        ],
      },
      { parent: this },
    );
    scheduled(
      name,
      this.mirror,
      {
        description: "Mirrors what is published",
        everyMinutes,
        events: Object.fromEntries(shards.map((shard) => [`-${shard}`, { shard }])),
      },
      { parent: this },
    );
    this.registerOutputs();
  }

  /** Its name has the dimensions, so that other dimensions make another index before this one is deleted. */
  private index(name: string, shard: ShardName, { dimensions }: MirrorArgs): pulumi.Output<string> {
    const indexName = mirrorIndexName(shard, dimensions);
    return new aws.s3.VectorsIndex(
      `${name}-${indexName}`,
      {
        vectorBucketName: this.bucket.vectorBucketName,
        indexName,
        dataType: "float32",
        dimension: dimensions,
        distanceMetric: "cosine",
        metadataConfiguration: { nonFilterableMetadataKeys: [...unfilterableMirrorKeys] },
      },
      { parent: this },
    ).indexArn;
  }
}
