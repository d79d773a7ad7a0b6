import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { type Collection, collections } from "../../contract/collections.ts";
import type { CollectionMessage } from "../documents/document-model.ts";
import { type DocumentRef, documentModel } from "../documents/documents.ts";
import { ofShardKey } from "../documents/shards.ts";
import type { CompactionRun } from "./compaction-run.ts";

export interface RunQueuesOptions {
  readonly client: SQSClient;
  /** The queue URLs of each collection, in shard order. */
  readonly queueUrls: Readonly<Record<Collection, readonly string[]>>;
  readonly region: string;
}

/** The environment variables with the queues. */
export interface RunQueuesConfig {
  readonly LINES_QUEUE_URLS: readonly string[];
  readonly WORDS_QUEUE_URLS: readonly string[];
  readonly AWS_REGION: string;
}

/** Sends messages to compaction's FIFO queues that do not originate from a stream record. */
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
   * Sends the run's message for each collection that has not completed it. Repeating a call sends duplicates, which the
   * queues drop within five minutes; `time`, the number of the redrive, makes a message distinct.
   */
  async redrive(run: CompactionRun, timestamp: string, time = 1): Promise<void> {
    const open = collections.filter((collection) => run.halves[collection].state !== "COMPLETED");
    await Promise.all(
      open.map((collection) => {
        const announced = {
          run,
          collection,
          deltaPrefix: run.halves[collection].deltaPrefix,
          deduplicationId: redriveId(run.runId, run.attempts, time),
          timestamp,
          awsRegion: this.#options.region,
          traceparent: run.traceparent,
        };
        return this.#send(collection, documentModel.runMessage(announced));
      }),
    );
  }

  /** Makes both collections reconcile a document with its items. `time` (ISO) distinguishes calls. */
  async lookAgain(document: DocumentRef, time: string): Promise<void> {
    const { region } = this.#options;
    await Promise.all(
      collections.map((collection) =>
        this.#send(collection, documentModel.lookAgainMessage(document, collection, time, region)),
      ),
    );
  }

  async #send(collection: Collection, message: CollectionMessage): Promise<void> {
    const { client, queueUrls } = this.#options;
    await client.send(
      new SendMessageCommand({
        QueueUrl: ofShardKey(queueUrls[collection], message.shardKey),
        MessageBody: message.body,
        MessageAttributes: message.messageAttributes,
        MessageGroupId: message.groupId,
        MessageDeduplicationId: message.deduplicationId,
      }),
    );
  }
}

/**
 * The deduplication id of a redriven run. Each attempt and each redrive has its own; retries of one redrive are
 * duplicates.
 */
export function redriveId(runId: string, attempt: number, time: number): string {
  return time === 1 ? `${runId}-${attempt}` : `${runId}-${attempt}-${time}`;
}
