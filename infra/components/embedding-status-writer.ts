import type * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { writeEmbeddingStatusConfig } from "../../functions/write-embedding-status/config.ts";
import { BundledFunction, type FunctionDefaults } from "./bundled-function.ts";
import { consumeQueue, letResend } from "./consume-queue.ts";
import { environmentOf } from "./environment.ts";
import { consume, itemsOf, list, readObjects, sendTo } from "./permissions.ts";
import { QueueWithDlq } from "./queue-with-dlq.ts";
import type { Storage } from "./storage.ts";

const timeoutSeconds = 60;
/** With the back-off between them, the receives span some hours. */
const maxReceiveCount = 20;
/** The function shares the write capacity of the receipts table with the application. */
const maximumConcurrency = 2;

export interface EmbeddingStatusWriterArgs {
  readonly code: pulumi.asset.Archive;
  readonly storage: Storage;
  readonly defaults: FunctionDefaults;
}

/** A queue of runs and the function that writes `embedding_status` to the lines and words of published receipts. */
export class EmbeddingStatusWriter extends pulumi.ComponentResource {
  readonly queue: aws.sqs.Queue;
  readonly deadLetters: aws.sqs.Queue;
  readonly writer: BundledFunction;

  constructor(name: string, args: EmbeddingStatusWriterArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:EmbeddingStatusWriter", name, {}, options);
    const inside = { parent: this };
    const { storage } = args;
    const { queue, deadLetters } = new QueueWithDlq(
      name,
      { fifo: false, consumerTimeoutSeconds: timeoutSeconds, windowSeconds: 0, maxReceiveCount },
      inside,
    );
    this.queue = queue;
    this.deadLetters = deadLetters;
    this.writer = new BundledFunction(
      name,
      {
        ...args.defaults,
        description: "Writes embedding_status to the lines and words of published receipts",
        code: args.code,
        timeoutSeconds,
        memoryMiB: 256,
        environment: environmentOf<typeof writeEmbeddingStatusConfig>({
          QUEUE_URL: queue.url,
          DEAD_LETTER_QUEUE_URL: deadLetters.url,
          RECEIPTS_TABLE: storage.receipts.name,
          CONTROL_TABLE: storage.control.name,
          DELTAS_BUCKET: storage.deltas.name,
        }),
        statements: [
          itemsOf(storage.receipts, ["GetItem", "Query", "UpdateItem"], ["IMAGE#*"]),
          itemsOf(storage.control, ["GetItem"], ["RECEIPT#*"]),
          list(storage.deltas),
          readObjects(storage.deltas, "deltas/"),
          consume(queue),
          sendTo(queue, deadLetters),
        ],
      },
      inside,
    );
    consumeQueue(name, { queue, consumer: this.writer, batchSize: 10, maximumConcurrency }, inside);
    // A message may be deferred throughout an outage.
    letResend(name, this.writer, inside);
    this.registerOutputs();
  }
}
