import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { type Collection, collections } from "../../contract/collections.ts";
import { type ChangeMessage, changeMessage } from "../entities/change-message.ts";
import { type ReceiptRef, receiptKey } from "../receipts/receipt.ts";
import { ofImage } from "../receipts/shards.ts";
import type { CompactionRun } from "./compaction-run.ts";
import { redriveId, runMessage } from "./run-message.ts";

export interface RunQueuesOptions {
  readonly client: SQSClient;
  /** In shard order. */
  readonly queueUrls: Readonly<Record<Collection, readonly string[]>>;
  readonly region: string;
}

/** The part of a process's environment that names the queues. */
export interface RunQueuesConfig {
  readonly LINES_QUEUE_URLS: readonly string[];
  readonly WORDS_QUEUE_URLS: readonly string[];
  readonly AWS_REGION: string;
}

/** Sends messages to compaction's FIFO queues that no stream record announces. */
export class RunQueues {
  readonly #options: RunQueuesOptions;

  constructor(options: RunQueuesOptions) {
    this.#options = options;
  }

  static of(config: RunQueuesConfig, client: SQSClient): RunQueues {
    const queueUrls = { lines: config.LINES_QUEUE_URLS, words: config.WORDS_QUEUE_URLS };
    return new RunQueues({ client, queueUrls, region: config.AWS_REGION });
  }

  /**
   * Sends the run's message to its shard of each collection that has not completed it. Repeating a call sends
   * duplicates, which the queues drop for five minutes; another `time` (the number of the redrive) makes them distinct.
   */
  async redrive(run: CompactionRun, timestamp: string, time = 1): Promise<void> {
    const open = collections.filter((collection) => run.halves[collection].state !== "COMPLETED");
    await Promise.all(
      open.map((collection) =>
        this.#send(
          collection,
          run,
          runMessage({
            run,
            collection,
            deltaPrefix: run.halves[collection].deltaPrefix,
            deduplicationId: redriveId(run.runId, run.attempts, time),
            timestamp,
            awsRegion: this.#options.region,
            traceparent: run.traceparent,
          }),
        ),
      ),
    );
  }

  /** Makes both collections reconcile a receipt with its items. `time` distinguishes calls. */
  async lookAgain(receipt: ReceiptRef, time: string): Promise<void> {
    await Promise.all(
      collections.map((collection) =>
        this.#send(
          collection,
          receipt,
          changeMessage(
            {
              source: "dynamodb_stream",
              entity_type: "RECEIPT_METADATA",
              event_name: "MODIFY",
              entity_data: { image_id: receipt.imageId, receipt_id: receipt.receiptId },
              changes: {},
              timestamp: time,
              stream_record_id: null,
              aws_region: this.#options.region,
              record_snapshot: null,
            },
            collection,
            `${receiptKey(receipt)}-${time}`,
          ),
        ),
      ),
    );
  }

  async #send(collection: Collection, { imageId }: ReceiptRef, message: ChangeMessage): Promise<void> {
    const { client, queueUrls } = this.#options;
    await client.send(
      new SendMessageCommand({
        QueueUrl: ofImage(queueUrls[collection], imageId),
        MessageBody: message.body,
        MessageAttributes: message.messageAttributes,
        MessageGroupId: message.groupId,
        MessageDeduplicationId: message.deduplicationId,
      }),
    );
  }
}
