import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { type Collection, collections } from "../receipts/receipt.ts";
import { ofImage } from "../receipts/shards.ts";
import type { CompactionRun } from "../runs/compaction-run.ts";
import { redriveId, runMessage } from "../runs/run-message.ts";

export interface RunQueuesOptions {
  readonly client: SQSClient;
  /** In shard order. */
  readonly queueUrls: Readonly<Record<Collection, readonly string[]>>;
  readonly region: string;
}

/** The FIFO queues that compaction reads, for runs that no stream record announces. */
export class RunQueues {
  readonly #options: RunQueuesOptions;

  constructor(options: RunQueuesOptions) {
    this.#options = options;
  }

  /** Sends the run's message to its shard of each collection that has not completed it. Repeating it sends the same messages. */
  async redrive(run: CompactionRun, timestamp: string): Promise<void> {
    const { client, queueUrls, region } = this.#options;
    const open = collections.filter((collection) => run.halves[collection].state !== "COMPLETED");
    await Promise.all(
      open.map((collection) => {
        const message = runMessage({
          run,
          collection,
          deltaPrefix: run.halves[collection].deltaPrefix,
          deduplicationId: redriveId(run.runId, run.attempts),
          timestamp,
          awsRegion: region,
        });
        const send = new SendMessageCommand({
          QueueUrl: ofImage(queueUrls[collection], run.imageId),
          MessageBody: message.body,
          MessageAttributes: message.messageAttributes,
          MessageGroupId: message.groupId,
          MessageDeduplicationId: message.deduplicationId,
        });
        return client.send(send);
      }),
    );
  }
}
