import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import { urlsOf } from "./collection-queues.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import type { Compaction } from "./compaction.ts";
import { allow, deleteObjects, items, list, sendTo } from "./permissions.ts";
import { maxMessageSeconds } from "./queue-with-dlq.ts";
import { scheduled } from "./scheduled.ts";
import type { Storage } from "./storage.ts";

/** Enough for some thousand actions; the next sweep continues. */
const timeoutSeconds = 240;

export interface SweeperArgs {
  readonly code: pulumi.asset.Archive;
  readonly settings: Settings["sweep"];
  /** The setting of compaction. */
  readonly maxFailures: number;
  readonly storage: Storage;
  /** Owner of the queues to which runs are redriven. */
  readonly compaction: Compaction;
  /** By which it asks for folds. */
  readonly fold: Pick<Settings["compaction"], "foldVectors" | "foldHours" | "maxOverlayVectors">;
  /** The file system whose size it records; it does not mount it. */
  readonly files: CollectionsFileSystem;
  readonly defaults: FunctionDefaults;
}

/**
 * The function that finds stuck runs and orphaned deltas.
 * A failed sweep is not retried and has no dead-letter queue: its event carries nothing, and the next sweep does its work.
 */
export class Sweeper extends pulumi.ComponentResource {
  readonly sweeper: BundledFunction;

  constructor(name: string, args: SweeperArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:Sweeper", name, {}, options);
    const inside = { parent: this };
    const { settings, storage } = args;
    const { lines, words } = args.compaction;

    this.sweeper = new BundledFunction(
      name,
      {
        ...args.defaults,
        description:
          "Redrives stuck runs, fails those that redrives do not complete, and removes orphaned deltas",
        code: args.code,
        timeoutSeconds,
        memoryMiB: 256,
        environment: {
          RECEIPTS_TABLE: storage.receipts.name,
          CONTROL_TABLE: storage.control.name,
          COLLECTIONS_FILE_SYSTEM: args.files.fileSystem.id,
          DELTAS_BUCKET: storage.deltas.name,
          LINES_QUEUE_URLS: urlsOf(lines.queues),
          WORDS_QUEUE_URLS: urlsOf(words.queues),
          FOLD_QUEUE_URL: args.compaction.folds.queue.url,
          FOLD_VECTORS: String(args.fold.foldVectors),
          FOLD_HOURS: String(args.fold.foldHours),
          MAX_OVERLAY_VECTORS: String(args.fold.maxOverlayVectors),
          OPEN_MINUTES: String(settings.openMinutes),
          REDRIVES: String(settings.redrives),
          MAX_FAILURES: String(args.maxFailures),
          DELTA_RETENTION_SECONDS: String(maxMessageSeconds),
          CLAIM_SECONDS: String(timeoutSeconds + 60),
        },
        statements: [
          sendTo(...lines.queues, ...words.queues, args.compaction.folds.queue),
          list(storage.deltas),
          allow(["elasticfilesystem:DescribeFileSystems"], [args.files.fileSystem.arn]),
          deleteObjects(storage.deltas, "deltas/"),
          items(storage.receipts, ["GetItem", "UpdateItem"]),
          items(storage.control, ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"]),
        ],
      },
      inside,
    );
    scheduled(
      name,
      this.sweeper,
      { description: "Starts a sweep", everyMinutes: settings.everyMinutes },
      inside,
    );
    this.registerOutputs();
  }
}
