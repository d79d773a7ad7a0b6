import * as pulumi from "@pulumi/pulumi";
import { collections } from "../../contract/collections.ts";
import type { exportSnapshotConfig } from "../../functions/export-snapshot/config.ts";
import type { Settings } from "../config.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import { type Compaction, collectionsPath } from "./compaction.ts";
import { environmentOf } from "./environment.ts";
import type { Named } from "./named.ts";
import type { Network } from "./network.ts";
import { allow, itemsOf, list, readObjects } from "./permissions.ts";
import { PrivateBucket } from "./private-bucket.ts";
import { scheduled } from "./scheduled.ts";
import type { Storage } from "./storage.ts";

/** Lambda's maximum. */
const timeoutSeconds = 900;

export interface SnapshotsArgs {
  readonly code: pulumi.asset.Archive;
  readonly settings: Settings["snapshots"];
  /** Whether deleting the stack is refused while there are snapshots. */
  readonly keepData: boolean;
  readonly storage: Storage;
  readonly files: CollectionsFileSystem;
  readonly network: Network;
  readonly compaction: Compaction;
  readonly defaults: FunctionDefaults;
}

/**
 * A bucket with snapshots of the published collections for other readers, and the function that writes them: for an
 * operator, and on a schedule if one is configured. It costs nothing when unused.
 */
export class Snapshots extends pulumi.ComponentResource {
  readonly bucket: Named;
  readonly exporter: BundledFunction;

  constructor(name: string, args: SnapshotsArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:Snapshots", name, {}, options);
    const inside = { parent: this };
    const stem = name.replace(/-snapshots$/, "");
    const { settings, storage, compaction } = args;
    const { bucket } = new PrivateBucket(name, { keepData: args.keepData }, inside);
    this.bucket = { name: bucket.bucket, arn: bucket.arn };
    const own = collections.map((collection) => pulumi.interpolate`${bucket.arn}/${collection}/*`);
    const exporter = `${stem}-export-snapshot`;
    this.exporter = new BundledFunction(
      exporter,
      {
        ...args.defaults,
        description: "Exports published collections as Chroma folders for other readers",
        code: args.code,
        timeoutSeconds,
        memoryMiB: settings.memoryMiB,
        scratchMiB: settings.scratchMiB,
        mount: { files: args.files, network: args.network, path: collectionsPath, readOnly: true },
        environment: environmentOf<typeof exportSnapshotConfig>({
          ...compaction.variables.generations,
          SNAPSHOTS_BUCKET: bucket.bucket,
          SNAPSHOTS_KEPT: String(settings.kept),
          MEMORY_MIB: String(settings.memoryMiB),
        }),
        statements: [
          list(storage.deltas),
          readObjects(storage.deltas, "deltas/"),
          itemsOf(storage.control, ["GetItem"], ["COLLECTION#*"]),
          list(bucket),
          allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], own),
        ],
      },
      inside,
    );
    if (settings.everyMinutes > 0) {
      scheduled(
        exporter,
        this.exporter,
        {
          description: "Exports what is published, if it has changed",
          everyMinutes: settings.everyMinutes,
          events: Object.fromEntries(collections.map((collection) => [`-${collection}`, { collection }])),
        },
        inside,
      );
    }
    this.registerOutputs();
  }
}
