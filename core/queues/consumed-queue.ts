import { ChangeMessageVisibilityBatchCommand, SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { errorFields, type Log } from "../log.ts";
import { cutMessage } from "../text/cut-message.ts";
import { queueText } from "../text/queue-json.ts";

/** Invalid input is redelivered soon: further receives only count towards the limit below. */
const badInputSeconds = 5;
/** Receives after which invalid input moves to the dead-letter queue. */
const badInputReceives = 3;
/** Back-off of transient errors; doubles with each receive. */
const firstBackOffSeconds = 30;
const maxBackOffSeconds = 1_800;

/** A failed message. */
export interface FailedDelivery {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly sentTimestamp: number;
  /** Number of receives, this one included. */
  readonly receives: number;
  /** Whether it fails until its input is corrected (a permanent error). */
  readonly byInput: boolean;
  /** Whether it must not be tried again, because each attempt costs money. @default false */
  readonly isFinal?: boolean;
  readonly reason: string;
  /** When to try again, where the message waits for something that has a time: a rate limit or a budget. */
  readonly deferSeconds?: number | undefined;
}

/** A queue as its consumer uses it. */
export class ConsumedQueue {
  protected readonly client: SQSClient;
  protected readonly url: string;
  readonly #dlqUrl: string;
  readonly #log: Log;

  constructor(client: SQSClient, urls: { readonly queue: string; readonly dlq: string }, log: Log) {
    this.client = client;
    this.url = urls.queue;
    this.#dlqUrl = urls.dlq;
    this.#log = log;
  }

  /**
   * Moves invalid messages to the dead-letter queue with their reason, from the third receive on or at once if they are final. All others are
   * redelivered with exponential back-off, so that an outage of hours loses no message (F13). If a call fails, the
   * queue's visibility timeout and max receive count apply instead.
   *
   * Resolves to the ids of the messages to be redelivered.
   */
  async giveBack(failed: readonly FailedDelivery[]): Promise<string[]> {
    const moved = new Set<FailedDelivery>();
    for (const message of failed) {
      const { byInput, isFinal = false, receives } = message;
      if (byInput && (isFinal || receives >= badInputReceives) && (await this.#moveToDlq(message))) {
        moved.add(message);
      }
    }
    const left = failed.filter((message) => !moved.has(message));
    await this.#delay(left);
    return left.map(({ messageId }) => messageId);
  }

  /** Keeps the original sent timestamp as an attribute, because a new message has its own. */
  async #moveToDlq({ messageId, body, sentTimestamp, reason }: FailedDelivery): Promise<boolean> {
    const attribute = (value: string) => ({ DataType: "String", StringValue: value });
    try {
      await this.client.send(
        new SendMessageCommand({
          QueueUrl: this.#dlqUrl,
          MessageBody: body,
          MessageAttributes: {
            failure_reason: attribute(queueText(cutMessage(reason))),
            sent_timestamp: attribute(String(sentTimestamp)),
          },
        }),
      );
      return true;
    } catch (error) {
      this.#log.warn("A message could not be moved to the dead-letter queue; it is redelivered", {
        message_id: messageId,
        ...errorFields(error),
      });
      return false;
    }
  }

  async #delay(messages: readonly FailedDelivery[]): Promise<void> {
    if (messages.length === 0) return;
    const change = new ChangeMessageVisibilityBatchCommand({
      QueueUrl: this.url,
      Entries: messages.map(({ receiptHandle, receives, byInput, deferSeconds }, index) => ({
        Id: String(index),
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: deferSeconds ?? (byInput ? badInputSeconds : backOffSeconds(receives)),
      })),
    });
    const refusal = await this.client.send(change).then(
      ({ Failed = [] }) => Failed[0]?.Message,
      (error: Error) => error.message,
    );
    if (refusal) this.#log.warn("Failed messages keep the queue's visibility timeout", { reason: refusal });
  }
}

function backOffSeconds(receives: number): number {
  return Math.min(maxBackOffSeconds, firstBackOffSeconds * 2 ** (receives - 1));
}
