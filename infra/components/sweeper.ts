import * as pulumi from "@pulumi/pulumi";
import type { sweeperConfig } from "../../functions/sweeper/config.ts";
import type { Settings } from "../config.ts";
import type { BundledFunction, FunctionDefaults } from "./bundled-function.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import type { Compaction } from "./compaction.ts";
import { environmentOf } from "./environment.ts";
import { allow, deleteObjects, items, list, sendTo } from "./permissions.ts";
import { maxMessageSeconds } from "./queue-with-dlq.ts";
import { scheduledFunction } from "./scheduled.ts";
import type { Storage } from "./storage.ts";

/** Enough for some thousand actions; the next sweep continues. */
const timeoutSeconds = 240;

export interface SweeperArgs {
  readonly code: pulumi.asset.Archive;
  readonly settings: Settings["sweep"];
  /** The setting of compaction. */
  readonly maxFailures: number;
  readonly mirror: Settings["collections"]["mirror"];
  readonly storage: Storage;
  /** Owner of the queues to which runs are redriven. */
  readonly compaction: Compaction;
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
    const { settings, storage } = args;
    const { lines, words, folds, variables } = args.compaction;

    this.sweeper = scheduledFunction(
      name,
      {
        ...args.defaults,
        description:
          "Redrives stuck runs, fails those that redrives do not complete, and removes orphaned deltas",
        code: args.code,
        timeoutSeconds,
        memoryMiB: 256,
        environment: environmentOf<typeof sweeperConfig>({
          ...variables.documents,
          ...variables.folds,
          COLLECTIONS_FILE_SYSTEM: args.files.fileSystem.id,
          OPEN_MINUTES: String(settings.openMinutes),
          REDRIVES: String(settings.redrives),
          MAX_FAILURES: String(args.maxFailures),
          DELTA_RETENTION_SECONDS: String(maxMessageSeconds),
          CLAIM_SECONDS: String(timeoutSeconds + 60),
          MIRROR: args.mirror,
        }),
        statements: [
          sendTo(...lines.queues, ...words.queues, folds.queue),
          list(storage.deltas),
          allow(["elasticfilesystem:DescribeFileSystems"], [args.files.fileSystem.arn]),
          deleteObjects(storage.deltas, "deltas/"),
          items(storage.receipts, ["GetItem", "UpdateItem"]),
          items(storage.control, ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"]),
        ],
      },
      { description: "Starts a sweep", everyMinutes: settings.everyMinutes },
      this,
    );
    this.registerOutputs();
  }
}
