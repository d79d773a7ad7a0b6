import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { errorFields, type Log } from "../log.ts";
import type { EmbedMessage } from "../receipts/embed-message.ts";
import { cutMessage } from "../text/cut-message.ts";
import { queueText } from "../text/queue-json.ts";

/** Bad input is looked at again at once: it is for the queue's sake only that it may be redelivered at all. */
const badInputSeconds = 5;
/** Receives after which bad input goes to the dead-letter queue. */
const badInputReceives = 3;
/** Of what may pass by itself: doubled with each receive. */
const firstBackOffSeconds = 30;
const maxBackOffSeconds = 1_800;

/** A message of the queue that failed. */
export interface FailedDelivery {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly sentTimestamp: number;
  /** How often it was received, this time included. */
  readonly receives: number;
  /** It fails again until its input is corrected. */
  readonly byInput: boolean;
  readonly reason: string;
}

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
  readonly #dlqUrl: string;
  readonly #log: Log;

  constructor(client: SQSClient, urls: { readonly queue: string; readonly dlq: string }, log: Log) {
    this.#client = client;
    this.#url = urls.queue;
    this.#dlqUrl = urls.dlq;
    this.#log = log;
  }

  /**
   * What fails for its own input goes to the dead-letter queue with its reason, from the third receive on; all else is
   * redelivered, later each time, so that an outage of hours costs no message (F13). Where a call is refused, the
   * queue's visibility timeout and max receive count do the same, only not as well.
   *
   * Resolves to the ids of the messages that have to be redelivered.
   */
  async giveBack(failed: readonly FailedDelivery[]): Promise<string[]> {
    const moved = new Set<FailedDelivery>();
    for (const message of failed) {
      if (message.byInput && message.receives >= badInputReceives && (await this.#moveToDlq(message))) {
        moved.add(message);
      }
    }
    const left = failed.filter((message) => !moved.has(message));
    await this.#delay(left);
    return left.map(({ messageId }) => messageId);
  }

  /** As old as it was, which only an attribute can say of a message that is sent anew. */
  async #moveToDlq({ messageId, body, sentTimestamp, reason }: FailedDelivery): Promise<boolean> {
    const attribute = (value: string) => ({ DataType: "String", StringValue: value });
    try {
      await this.#client.send(
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
      QueueUrl: this.#url,
      Entries: messages.map(({ receiptHandle, receives, byInput }, index) => ({
        Id: String(index),
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: byInput ? badInputSeconds : backOffSeconds(receives),
      })),
    });
    const refusal = await this.#client.send(change).then(
      ({ Failed = [] }) => Failed[0]?.Message,
      (error: Error) => error.message,
    );
    if (refusal) this.#log.warn("Failed messages keep the queue's visibility timeout", { reason: refusal });
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

function backOffSeconds(receives: number): number {
  return Math.min(maxBackOffSeconds, firstBackOffSeconds * 2 ** (receives - 1));
}
