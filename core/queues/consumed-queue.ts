import {
  ChangeMessageVisibilityBatchCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { errorFields, type Log } from "../log.ts";
import { exponentialSeconds } from "../resilience/backoff.ts";
import { type Clock, systemClock } from "../resilience/clock.ts";
import { cutMessage } from "../text/cut-message.ts";
import { queueText } from "../text/queue-json.ts";

/** Invalid input is redelivered soon: further receives only count towards the limit below. */
const badInputSeconds = 5;
/** Receives after which invalid input moves to the dead-letter queue. */
const badInputReceives = 3;
/** Back-off of transient errors; doubles with each receive. */
const backOff = { firstSeconds: 30, maxSeconds: 1_800 };
/**
 * A deferred message keeps its age and its receives. At either of these limits a new message replaces it, because
 * queues keep messages for four days and move them to the dead-letter queue after 50 receives.
 */
const renewAfterMs = 2 * 24 * 3_600_000;
const renewAfterReceives = 20;
/** SQS's maximum of a delivery delay. */
const maxDelaySeconds = 900;

/** A failed message. */
export interface FailedDelivery {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly sentTimestamp: number;
  /** Number of receives, this one included. */
  readonly receives: number;
  /** Whether the message fails until its input is corrected (a permanent error). */
  readonly byInput: boolean;
  /** Whether the message must not be retried, because each attempt costs money. @default false */
  readonly isFinal?: boolean;
  readonly reason: string;
  /** The delay of the next attempt, if the message waits for a rate limit or a budget. */
  readonly deferSeconds?: number | undefined;
}

/** A new message with a delivery delay. */
export interface LaterMessage {
  readonly body: string;
  /** At most 900. */
  readonly delaySeconds: number;
}

export interface QueueUrls {
  readonly queue: string;
  readonly dlq: string;
}

/** A queue with the operations of its consumer. */
export class ConsumedQueue {
  readonly #client: SQSClient;
  readonly #url: string;
  readonly #dlqUrl: string;
  readonly #log: Log;
  readonly #clock: Pick<Clock, "now">;

  constructor(client: SQSClient, urls: QueueUrls, log: Log, clock: Pick<Clock, "now"> = systemClock) {
    this.#client = client;
    this.#url = urls.queue;
    this.#dlqUrl = urls.dlq;
    this.#log = log;
    this.#clock = clock;
  }

  /**
   * Moves invalid messages to the dead-letter queue with their reason, from the third receive on or at once if they are
   * final. A message that has been deferred for long is replaced by a new one. All others are redelivered with
   * exponential back-off, so that an outage of hours loses no message (F13). If a call fails, the queue's visibility
   * timeout and max receive count apply instead.
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
    for (const message of await this.#renew(failed.filter((one) => this.#isOld(one)))) moved.add(message);
    const left = failed.filter((message) => !moved.has(message));
    await this.#delay(left);
    return left.map(({ messageId }) => messageId);
  }

  /** Sends up to ten messages. Returns the reasons of the rejected ones, by position. */
  async sendLater(messages: readonly LaterMessage[]): Promise<ReadonlyMap<number, string>> {
    const { Failed = [] } = await this.#client.send(
      new SendMessageBatchCommand({
        QueueUrl: this.#url,
        Entries: messages.map(({ body, delaySeconds }, index) => ({
          Id: String(index),
          MessageBody: body,
          DelaySeconds: delaySeconds,
        })),
      }),
    );
    return new Map(
      Failed.map(({ Id, Code, Message }) => [Number(Id), `${Code}: ${Message ?? "no reason given"}`]),
    );
  }

  #isOld({ deferSeconds, sentTimestamp, receives }: FailedDelivery): boolean {
    if (deferSeconds === undefined) return false;
    return this.#clock.now() - sentTimestamp >= renewAfterMs || receives >= renewAfterReceives;
  }

  /**
   * Replaces each message by a new one, whose age and receives are zero. A crash before the old one is deleted leaves
   * both, and the second one has no effect. Returns the replaced messages.
   */
  async #renew(old: readonly FailedDelivery[]): Promise<FailedDelivery[]> {
    if (old.length === 0) return [];
    const refused = await this.sendLater(
      old.map(({ body, deferSeconds = 0 }) => ({
        body,
        delaySeconds: Math.min(maxDelaySeconds, deferSeconds),
      })),
    ).catch((error: Error) => new Map(old.map((_, position) => [position, error.message])));
    for (const [position, reason] of refused) {
      const message_id = old[position]?.messageId;
      this.#log.warn("A deferred message could not be replaced and is redelivered", { message_id, reason });
    }
    return old.filter((_, position) => !refused.has(position));
  }

  /** Keeps the original sent timestamp as an attribute, because a new message has its own. */
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
      Entries: messages.map(({ receiptHandle, receives, byInput, deferSeconds }, index) => ({
        Id: String(index),
        ReceiptHandle: receiptHandle,
        VisibilityTimeout:
          deferSeconds ?? (byInput ? badInputSeconds : exponentialSeconds(backOff, receives)),
      })),
    });
    const refusal = await this.#client.send(change).then(
      ({ Failed = [] }) => Failed[0]?.Message,
      (error: Error) => error.message,
    );
    if (refusal) this.#log.warn("Failed messages keep the queue's visibility timeout", { reason: refusal });
  }
}
