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
/** SQS takes no more on a message. */
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
  /** How often it was received, this time included. */
  readonly receives: number;
  /** Whether a mapping delivered it, and deletes it; else compaction received it, and does. */
  readonly delivered: boolean;
}

/** The FIFO queue of a shard and the dead-letter queue behind it. */
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

  /** Messages, up to ten by default; empty if none arrive within the wait. Rejects with an AbortError once the signal is aborted. */
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
   * Extends the visibility of the messages to this time from now. Those that are no longer `wanted` when their turn comes are
   * skipped. Refusals are logged: a message may be gone by now.
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

  /** Failures are logged: such a message is redelivered and found completed. */
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

  /** Moves the message, as it was and with the reason as its attribute `failure_reason`. */
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
        // Not its own: a message that is redriven and fails again at once would be dropped as a repetition.
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
