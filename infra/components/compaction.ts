import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { shardNames } from "../../contract/collections.ts";
import type { Settings } from "../config.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import { type CollectionQueues, collectionQueues, urlsOf } from "./collection-queues.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import type { Network } from "./network.ts";
import { consume, items, list, readObjects, type Statement, sendTo } from "./permissions.ts";
import type { Storage } from "./storage.ts";

/** Lambda's maximum for a FIFO queue; the cycle drains more by itself. */
const batchSize = 10;
/** Lambda's minimum, per shard. The lease admits one writer, so more would only wait. */
const maximumConcurrency = 2;
/**
 * SQS's maximum. Compaction counts the failures of a message itself and moves it to the DLQ. Contention and throttling
 * must not move it there, and a day of either causes fewer receives than this.
 */
const backstop = 1000;

/** Mount path of the collections in every compaction process. */
export const collectionsPath = "/mnt/collections";

export interface CompactionArgs {
  readonly code: pulumi.asset.Archive;
  readonly settings: Settings["compaction"];
  readonly embedding: Pick<Settings["embedding"], "model" | "dimensions">;
  readonly storage: Storage;
  readonly files: CollectionsFileSystem;
  readonly network: Network;
  /** Whether the ECS task of an earlier deployment may still run; the function then receives no messages. */
  readonly workerRemains: boolean;
  readonly defaults: FunctionDefaults;
}

/** The FIFO queues of all shards, and the function that merges their messages into new generations. */
export class Compaction extends pulumi.ComponentResource {
  readonly lines: CollectionQueues;
  readonly words: CollectionQueues;
  readonly compaction: BundledFunction;
  /** Environment of every compaction process, function or container. */
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  /** Permissions of every compaction process, beyond receiving messages. */
  readonly statements: readonly Statement[];
  /** Enabled while the function is the host of compaction. */
  readonly mappings: readonly aws.lambda.EventSourceMapping[];

  constructor(name: string, args: CompactionArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:Compaction", name, {}, options);
    const stem = name.replace(/-compaction$/, "");
    const inside = { parent: this };
    const { settings, storage } = args;

    const queue = {
      fifo: true,
      consumerTimeoutSeconds: settings.timeoutSeconds,
      windowSeconds: 0,
      maxReceiveCount: backstop,
    };
    const { collectionShards } = settings;
    this.lines = collectionQueues(stem, shardNames("lines", collectionShards), queue, inside);
    this.words = collectionQueues(stem, shardNames("words", collectionShards), queue, inside);

    this.environment = {
      RECEIPTS_TABLE: storage.receipts.name,
      CONTROL_TABLE: storage.control.name,
      DELTAS_BUCKET: storage.deltas.name,
      LINES_QUEUE_URLS: urlsOf(this.lines.queues),
      WORDS_QUEUE_URLS: urlsOf(this.words.queues),
      LINES_DEAD_LETTER_QUEUE_URLS: urlsOf(this.lines.deadLetters),
      WORDS_DEAD_LETTER_QUEUE_URLS: urlsOf(this.words.deadLetters),
      COLLECTIONS_PATH: collectionsPath,
      EMBEDDING_MODEL: args.embedding.model,
      EMBEDDING_DIMENSIONS: String(args.embedding.dimensions),
      LEASE_SECONDS: String(settings.leaseSeconds),
      LEASE_WAIT_SECONDS: String(settings.leaseWaitSeconds),
      DRAIN_MAX_MESSAGES: String(settings.drainMaxMessages),
      DRAIN_MAX_MIB: String(settings.drainMaxMiB),
      DRAIN_SECONDS: String(settings.drainSeconds),
      MIN_PUBLISH_INTERVAL_SECONDS: String(settings.minPublishIntervalSeconds),
      GENERATIONS_KEPT: String(settings.generationsKept),
      LONGEST_READER_SECONDS: String(settings.maxReaderSeconds),
      MAX_FAILURES: String(settings.maxFailures),
      FOLD_VECTORS: String(settings.foldVectors),
    };
    this.statements = [
      sendTo(...this.lines.deadLetters, ...this.words.deadLetters),
      sendTo(...this.lines.queues, ...this.words.queues),
      list(storage.deltas),
      readObjects(storage.deltas, "deltas/"),
      items(storage.receipts, ["GetItem", "BatchGetItem", "Query", "UpdateItem"]),
      items(storage.control, ["GetItem", "PutItem", "Scan", "UpdateItem", "DeleteItem"]),
    ];

    this.compaction = new BundledFunction(
      name,
      {
        ...args.defaults,
        description: "Merges deltas into the next generation of a collection",
        code: args.code,
        timeoutSeconds: settings.timeoutSeconds,
        memoryMiB: settings.memoryMiB,
        scratchMiB: settings.scratchMiB,
        mount: { files: args.files, network: args.network, path: collectionsPath },
        environment: this.environment,
        statements: [consume(...this.lines.queues, ...this.words.queues), ...this.statements],
      },
      inside,
    );
    this.mappings = [...this.lines.byShard, ...this.words.byShard].map(
      ([shard, { queue }]) =>
        new aws.lambda.EventSourceMapping(
          `${name}-${shard}`,
          {
            eventSourceArn: queue.arn,
            functionName: this.compaction.function.arn,
            enabled: settings.host === "lambda" && !args.workerRemains,
            batchSize,
            functionResponseTypes: ["ReportBatchItemFailures"],
            scalingConfig: { maximumConcurrency },
          },
          inside,
        ),
    );
    this.registerOutputs();
  }
}
