import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { embedConfig } from "../../functions/embed/config.ts";
import type { exportConfig } from "../../functions/export-ocr-results/config.ts";
import type { Settings } from "../config.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import { urlsOf } from "./collection-queues.ts";
import type { Compaction } from "./compaction.ts";
import { consumeQueue, letResend } from "./consume-queue.ts";
import { DeadLetterQueue } from "./dead-letter-queue.ts";
import { embeddingEnvironment } from "./embedding-environment.ts";
import { environmentOf } from "./environment.ts";
import {
  consume,
  denyItemsOf,
  type ItemAction,
  items,
  list,
  putObjects,
  readObjects,
  readSecrets,
  sendTo,
} from "./permissions.ts";
import { QueueWithDlq } from "./queue-with-dlq.ts";
import type { Storage } from "./storage.ts";
import type { StoredSecret } from "./stored-secret.ts";

/** For runs, the list of open runs and the rate limiter. Leases and heads belong to compaction. */
const controlActions: readonly ItemAction[] = ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"];

export interface EmbedPipelineArgs {
  readonly embedCode: pulumi.asset.Archive;
  readonly exportCode: pulumi.asset.Archive;
  readonly settings: Settings["ingest"];
  readonly embedding: Settings["embedding"];
  readonly apiKey: StoredSecret;
  readonly storage: Storage;
  /** Owner of the queues that run messages are sent to. */
  readonly compaction: Compaction;
  readonly defaults: FunctionDefaults;
}

/** The flow from OCR results to deltas and runs: the export function, the embed queue and the embed function. */
export class EmbedPipeline extends pulumi.ComponentResource {
  readonly queue: QueueWithDlq;
  readonly embed: BundledFunction;
  readonly exportOcrResults: BundledFunction;
  /** Export events that failed three times. */
  readonly failedExports: aws.sqs.Queue;

  constructor(name: string, args: EmbedPipelineArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:EmbedPipeline", name, {}, options);
    const stem = name.replace(/-embed-pipeline$/, "");
    const { settings } = args;
    this.queue = new QueueWithDlq(
      `${stem}-embed-ndjson`,
      {
        fifo: false,
        consumerTimeoutSeconds: settings.timeoutSeconds,
        windowSeconds: settings.windowSeconds,
        maxReceiveCount: settings.maxReceiveCount,
      },
      { parent: this },
    );
    this.embed = this.embedFunction(`${stem}-embed`, args);
    // Back-pressure sends a deferred message to this queue again while too many runs are open.
    letResend(`${stem}-embed`, this.embed, { parent: this });
    consumeQueue(
      `${stem}-embed`,
      {
        queue: this.queue.queue,
        consumer: this.embed,
        batchSize: settings.batchSize,
        windowSeconds: settings.windowSeconds,
        maximumConcurrency: args.embedding.maximumConcurrency,
      },
      { parent: this },
    );
    this.failedExports = new DeadLetterQueue(
      `${stem}-failed-exports`,
      { fifo: false },
      { parent: this },
    ).queue;
    this.exportOcrResults = this.exportFunction(`${stem}-export-ocr-results`, args);
    new aws.lambda.FunctionEventInvokeConfig(
      `${stem}-export-ocr-results`,
      {
        functionName: this.exportOcrResults.function.name,
        maximumRetryAttempts: 2,
        maximumEventAgeInSeconds: 3600,
        destinationConfig: { onFailure: { destination: this.failedExports.arn } },
      },
      { parent: this },
    );
    this.registerOutputs();
  }

  private embedFunction(name: string, args: EmbedPipelineArgs): BundledFunction {
    const { settings, embedding, apiKey, storage } = args;
    const { lines, words } = args.compaction;
    return new BundledFunction(
      name,
      {
        ...args.defaults,
        description: "Embeds the rows of receipts and stores deltas and runs",
        code: args.embedCode,
        timeoutSeconds: settings.timeoutSeconds,
        memoryMiB: settings.memoryMiB,
        after: [apiKey.version],
        environment: environmentOf<typeof embedConfig>({
          RECEIPTS_TABLE: storage.receipts.name,
          CONTROL_TABLE: storage.control.name,
          DELTAS_BUCKET: storage.deltas.name,
          EMBED_QUEUE_URL: this.queue.queue.url,
          EMBED_DEAD_LETTER_QUEUE_URL: this.queue.deadLetters.url,
          LINES_QUEUE_URLS: urlsOf(lines.queues),
          WORDS_QUEUE_URLS: urlsOf(words.queues),
          ...embeddingEnvironment(embedding, apiKey),
          EMBEDDING_REQUESTS_PER_MINUTE: String(embedding.requestsPerMinute),
          EMBEDDING_TOKENS_PER_MINUTE: String(embedding.tokensPerMinute),
          MAX_OPEN_RUNS: String(settings.maxOpenRuns),
          DEFER_SECONDS: String(settings.deferSeconds),
        }),
        statements: [
          consume(this.queue.queue),
          sendTo(this.queue.queue, this.queue.deadLetters, ...lines.queues, ...words.queues),
          list(storage.artifacts),
          readObjects(storage.artifacts, ""),
          list(storage.deltas),
          readObjects(storage.deltas, "deltas/"),
          putObjects(storage.deltas, "deltas/"),
          putObjects(storage.deltas, "rejected/"),
          items(storage.receipts, ["GetItem", "PutItem", "UpdateItem"]),
          items(storage.control, controlActions),
          denyItemsOf(storage.control, controlActions, ["COLLECTION#*"]),
          readSecrets(apiKey),
        ],
      },
      { parent: this },
    );
  }

  private exportFunction(name: string, args: EmbedPipelineArgs): BundledFunction {
    const { storage } = args;
    return new BundledFunction(
      name,
      {
        ...args.defaults,
        description: "Validates OCR rows, stores them and asks for their embedding",
        code: args.exportCode,
        timeoutSeconds: 60,
        memoryMiB: 512,
        environment: environmentOf<typeof exportConfig>({
          ARTIFACTS_BUCKET: storage.artifacts.name,
          EMBED_QUEUE_URL: this.queue.queue.url,
        }),
        statements: [
          putObjects(storage.artifacts, "receipts/"),
          sendTo(this.queue.queue, this.failedExports),
        ],
      },
      { parent: this },
    );
  }
}
