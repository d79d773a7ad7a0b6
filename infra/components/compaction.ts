import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type * as z from "zod";
import { maxChangeReceives, shardNames } from "../../contract/collections.ts";
import type {
  documentsConfig,
  foldsConfig,
  generationFilesConfig,
} from "../../core/collections/host/collections-config.ts";
import type { compactionConfig } from "../../functions/compaction/config.ts";
import type { Settings } from "../config.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import { type CollectionQueues, collectionQueues, urlsOf } from "./collection-queues.ts";
import type { CollectionsFileSystem } from "./collections-file-system.ts";
import { consumeQueue } from "./consume-queue.ts";
import { environmentOf, type VariablesOf } from "./environment.ts";
import type { Network } from "./network.ts";
import { consume, items, list, readObjects, receiveFrom, type Statement, sendTo } from "./permissions.ts";
import { QueueWithDlq } from "./queue-with-dlq.ts";
import type { Storage } from "./storage.ts";

/** Lambda's maximum for a FIFO queue; the cycle itself receives more. */
const batchSize = 10;
/** Lambda's minimum, per shard. The lease admits one writer, so more would only wait. */
const maximumConcurrency = 2;
/** A failed fold is retried with increasing delays for some hours; a rebuild needs one receive per invocation. */
const foldReceives = 100;

/** Mount path of the collections in every compaction process. */
export const collectionsPath = "/mnt/collections";

type Variables<Shape extends z.ZodRawShape> = VariablesOf<z.ZodObject<Shape>>;

export interface CompactionArgs {
  readonly code: pulumi.asset.Archive;
  readonly foldCode: pulumi.asset.Archive;
  readonly settings: Settings["compaction"];
  readonly embedding: Pick<Settings["embedding"], "model" | "dimensions">;
  readonly storage: Storage;
  readonly files: CollectionsFileSystem;
  readonly network: Network;
  /** Whether the ECS task of an earlier deployment may still run; the function then receives no messages. */
  readonly workerRemains: boolean;
  readonly defaults: FunctionDefaults;
}

/**
 * The FIFO queues of all shards, the small function that publishes the changes in their messages, and the large
 * function that folds: it writes a shard's next base for each message in the fold queue.
 */
export class Compaction extends pulumi.ComponentResource {
  readonly lines: CollectionQueues;
  readonly words: CollectionQueues;
  readonly compaction: BundledFunction;
  /** The queue of fold requests. */
  readonly folds: QueueWithDlq;
  readonly fold: BundledFunction;
  /** Variables that other processes need too: of documents, their generations and folds. */
  readonly variables: {
    readonly documents: Variables<typeof documentsConfig>;
    readonly generations: Variables<typeof generationFilesConfig>;
    readonly folds: Variables<typeof foldsConfig>;
  };
  /** Environment of every compaction process, function or container. */
  readonly environment: VariablesOf<typeof compactionConfig>;
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
      maxReceiveCount: maxChangeReceives,
    };
    const { collectionShards } = settings;
    this.lines = collectionQueues(stem, shardNames("lines", collectionShards), queue, inside);
    this.words = collectionQueues(stem, shardNames("words", collectionShards), queue, inside);
    this.folds = new QueueWithDlq(
      `${stem}-fold`,
      { ...queue, consumerTimeoutSeconds: settings.foldTimeoutSeconds, maxReceiveCount: foldReceives },
      inside,
    );

    const documents = {
      RECEIPTS_TABLE: storage.receipts.name,
      CONTROL_TABLE: storage.control.name,
      DELTAS_BUCKET: storage.deltas.name,
      LINES_QUEUE_URLS: urlsOf(this.lines.queues),
      WORDS_QUEUE_URLS: urlsOf(this.words.queues),
    };
    const generations = {
      ...documents,
      COLLECTIONS_PATH: collectionsPath,
      EMBEDDING_MODEL: args.embedding.model,
      EMBEDDING_DIMENSIONS: String(args.embedding.dimensions),
    };
    const folds = {
      FOLD_QUEUE_URL: this.folds.queue.url,
      FOLD_VECTORS: String(settings.foldVectors),
      FOLD_HOURS: String(settings.foldHours),
      MAX_OVERLAY_VECTORS: String(settings.maxOverlayVectors),
    };
    this.variables = { documents, generations, folds };
    this.environment = {
      ...generations,
      ...folds,
      LINES_DEAD_LETTER_QUEUE_URLS: urlsOf(this.lines.deadLetters),
      WORDS_DEAD_LETTER_QUEUE_URLS: urlsOf(this.words.deadLetters),
      LEASE_SECONDS: String(settings.leaseSeconds),
      LEASE_WAIT_SECONDS: String(settings.leaseWaitSeconds),
      DRAIN_MAX_MESSAGES: String(settings.drainMaxMessages),
      DRAIN_MAX_MIB: String(settings.drainMaxMiB),
      DRAIN_SECONDS: String(settings.drainSeconds),
      MIN_PUBLISH_INTERVAL_SECONDS: String(settings.minPublishIntervalSeconds),
      GENERATIONS_KEPT: String(settings.generationsKept),
      MAX_READER_SECONDS: String(settings.maxReaderSeconds),
      MAX_FAILURES: String(settings.maxFailures),
    };
    this.statements = [
      sendTo(...this.lines.deadLetters, ...this.words.deadLetters),
      sendTo(...this.lines.queues, ...this.words.queues, this.folds.queue),
      list(storage.deltas),
      readObjects(storage.deltas, "deltas/"),
      items(storage.receipts, ["GetItem", "BatchGetItem", "Query", "UpdateItem"]),
      items(storage.control, ["GetItem", "BatchGetItem", "PutItem", "Scan", "UpdateItem", "DeleteItem"]),
    ];

    this.compaction = new BundledFunction(
      name,
      {
        ...args.defaults,
        description: "Publishes changes of a collection as segments above its base",
        code: args.code,
        timeoutSeconds: settings.timeoutSeconds,
        memoryMiB: settings.memoryMiB,
        mount: { files: args.files, network: args.network, path: collectionsPath },
        environment: environmentOf<typeof compactionConfig>(this.environment),
        statements: [consume(...this.lines.queues, ...this.words.queues), ...this.statements],
      },
      inside,
    );
    this.fold = new BundledFunction(
      `${stem}-fold`,
      {
        ...args.defaults,
        description: "Writes the next base of a collection, with what lies in segments above the one before",
        code: args.foldCode,
        timeoutSeconds: settings.foldTimeoutSeconds,
        memoryMiB: settings.foldMemoryMiB,
        scratchMiB: settings.foldScratchMiB,
        mount: { files: args.files, network: args.network, path: collectionsPath },
        environment: environmentOf<typeof compactionConfig>(this.environment),
        statements: [
          consume(this.folds.queue),
          // Repairs also receive messages of the collections.
          receiveFrom(...this.lines.queues, ...this.words.queues),
          ...this.statements,
        ],
      },
      inside,
    );
    const enabled = settings.host === "lambda" && !args.workerRemains;
    const mapped = (mapping: string, queue: aws.sqs.Queue, consumer: BundledFunction, most: number) =>
      consumeQueue(mapping, { queue, consumer, enabled, batchSize: most, maximumConcurrency }, inside);
    const shards = [...this.lines.byShard, ...this.words.byShard];
    this.mappings = [
      ...shards.map(([shard, { queue }]) => mapped(`${name}-${shard}`, queue, this.compaction, batchSize)),
      mapped(`${stem}-fold`, this.folds.queue, this.fold, 1),
    ];
    this.registerOutputs();
  }
}
