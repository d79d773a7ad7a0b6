import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Log } from "../../log.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import { cutMessage } from "../../text/cut-message.ts";
import { queueText } from "../../text/queue-json.ts";

const messagesPerCall = 10;
const callsAtOnce = 4;
/** The maximum that SQS allows per message. */
const maxAttributes = 10;

/** A change message in flight. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly groupId: string;
  readonly deduplicationId: string;
  /** Values of its string attributes. */
  readonly attributes: Readonly<Record<string, string>>;
  /** How often it was received, including this time. */
  readonly receives: number;
  /**
   * Whether an event source mapping delivered it and will delete it. Otherwise compaction received it and deletes it.
   */
  readonly delivered: boolean;
}

/** The FIFO queue of a shard, and its dead-letter queue. */
export class CollectionQueue {
  readonly #sqs: SQSClient;
  readonly #url: string;
  readonly #deadLetterUrl: string;
  readonly #log: Log;

  constructor(sqs: SQSClient, urls: { readonly queue: string; readonly deadLetters: string }, log: Log) {
    this.#sqs = sqs;
    this.#url = urls.queue;
    this.#deadLetterUrl = urls.deadLetters;
    this.#log = log;
  }

  /**
   * Receives up to ten messages by default; resolves to an empty list if none arrive within the wait. Rejects with an
   * AbortError once the signal aborts.
   */
  async receive(wait: {
    readonly waitSeconds: number;
    readonly hiddenSeconds: number;
    readonly maxMessages?: number;
    readonly signal?: AbortSignal;
  }): Promise<QueuedMessage[]> {
    const { Messages = [] } = await this.#sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#url,
        MaxNumberOfMessages: wait.maxMessages ?? messagesPerCall,
        WaitTimeSeconds: wait.waitSeconds,
        VisibilityTimeout: wait.hiddenSeconds,
        MessageSystemAttributeNames: ["MessageGroupId", "MessageDeduplicationId", "ApproximateReceiveCount"],
        MessageAttributeNames: ["All"],
      }),
      wait.signal && { abortSignal: wait.signal },
    );
    return Messages.map((message) => ({
      messageId: message.MessageId ?? "",
      receiptHandle: message.ReceiptHandle ?? "",
      body: message.Body ?? "",
      groupId: message.Attributes?.MessageGroupId ?? "",
      deduplicationId: message.Attributes?.MessageDeduplicationId ?? "",
      attributes: Object.fromEntries(
        Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
          name,
          value.StringValue ?? "",
        ]),
      ),
      receives: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
      delivered: false,
    }));
  }

  /**
   * Sets the visibility timeout of the messages to `seconds` from now. Skips messages that are no longer `wanted` when
   * their batch is sent. Refusals are only logged, because a message may be gone by then.
   */
  async hide(
    messages: readonly QueuedMessage[],
    seconds: number,
    wanted: (message: QueuedMessage) => boolean = () => true,
  ): Promise<void> {
    await this.#inCalls("The visibility of messages was not changed", messages, wanted, (some) =>
      this.#sqs.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: this.#url,
          Entries: some.map(({ receiptHandle }, index) => ({
            Id: String(index),
            ReceiptHandle: receiptHandle,
            VisibilityTimeout: seconds,
          })),
        }),
      ),
    );
  }

  /** Failures are only logged: the message is redelivered and found to be completed. */
  async delete(messages: readonly QueuedMessage[]): Promise<void> {
    await this.#inCalls(
      "Messages were not deleted",
      messages,
      () => true,
      (some) =>
        this.#sqs.send(
          new DeleteMessageBatchCommand({
            QueueUrl: this.#url,
            Entries: some.map(({ receiptHandle }, index) => ({
              Id: String(index),
              ReceiptHandle: receiptHandle,
            })),
          }),
        ),
    );
  }

  /** Moves the message to the dead-letter queue, unchanged except for an attribute `failure_reason`. */
  async moveToDeadLetters(message: QueuedMessage, reason: string): Promise<void> {
    const own = Object.entries(message.attributes).filter(([, value]) => value !== "");
    const attributes = {
      ...Object.fromEntries(own.slice(0, maxAttributes - 1)),
      failure_reason: cutMessage(queueText(reason)),
    };
    await this.#sqs.send(
      new SendMessageCommand({
        QueueUrl: this.#deadLetterUrl,
        MessageBody: message.body,
        MessageGroupId: message.groupId,
        // Not the original deduplication id: SQS would drop a replayed message that fails again at once as a duplicate.
        MessageDeduplicationId: message.messageId,
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, value]) => [
            name,
            { DataType: "String", StringValue: value },
          ]),
        ),
      }),
    );
    await this.delete([message]);
  }

  async #inCalls(
    refused: string,
    messages: readonly QueuedMessage[],
    wanted: (message: QueuedMessage) => boolean,
    call: (
      some: readonly QueuedMessage[],
    ) => Promise<{ Failed?: { Id?: string | undefined; Code?: string | undefined }[] | undefined }>,
  ): Promise<void> {
    const calls = Math.ceil(messages.length / messagesPerCall);
    await inParallel(Array(calls).keys(), callsAtOnce, async (position) => {
      const from = position * messagesPerCall;
      const some = messages.slice(from, from + messagesPerCall).filter(wanted);
      if (some.length === 0) return;
      const { Failed = [] } = await call(some);
      if (Failed.length === 0) return;
      const message_ids = Failed.map(({ Id }) => some[Number(Id)]?.messageId);
      const codes = [...new Set(Failed.map(({ Code }) => Code))].join(", ");
      this.#log.warn(refused, { message_ids, reason: codes });
    });
  }
}
