import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Log } from "../log.ts";
import type { EmbedMessage } from "../receipts/embed-message.ts";

/** The queue's own visibility outlasts the function's retries; nothing is gained by waiting as long for bad input. */
const soonSeconds = 5;

/** A message that is delivered no sooner than after its delay. */
export interface LaterMessage {
  readonly message: EmbedMessage;
  /** At most 900. */
  readonly delaySeconds: number;
}

/** The queue that the embed messages come from. */
export class EmbedQueue {
  readonly #client: SQSClient;
  readonly #url: string;
  readonly #log: Log;

  constructor(client: SQSClient, url: string, log: Log) {
    this.#client = client;
    this.#url = url;
    this.#log = log;
  }

  /**
   * Lets up to ten messages come back within seconds, so that bad input reaches the dead-letter queue in minutes.
   * Where that is refused, they come back after the queue's visibility timeout all the same.
   */
  async comeBackSoon(receiptHandles: readonly string[]): Promise<void> {
    if (receiptHandles.length === 0) return;
    const hasten = new ChangeMessageVisibilityBatchCommand({
      QueueUrl: this.#url,
      Entries: receiptHandles.map((ReceiptHandle, index) => ({
        Id: String(index),
        ReceiptHandle,
        VisibilityTimeout: soonSeconds,
      })),
    });
    const refusal = await this.#client.send(hasten).then(
      ({ Failed = [] }) => Failed[0]?.Message,
      (error: Error) => error.message,
    );
    if (refusal) this.#log.warn("Failed messages come back later than they could", { reason: refusal });
  }

  /** Sends up to ten messages. Resolves to why the queue did not take some of them, by their position. */
  async sendLater(messages: readonly LaterMessage[]): Promise<ReadonlyMap<number, string>> {
    const { Failed = [] } = await this.#client.send(
      new SendMessageBatchCommand({
        QueueUrl: this.#url,
        Entries: messages.map(({ message, delaySeconds }, index) => ({
          Id: String(index),
          MessageBody: JSON.stringify(message),
          DelaySeconds: delaySeconds,
        })),
      }),
    );
    return new Map(
      Failed.map(({ Id, Code, Message }) => [Number(Id), `${Code}: ${Message ?? "no reason given"}`]),
    );
  }
}
