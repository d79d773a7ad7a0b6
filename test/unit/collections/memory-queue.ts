import { setTimeout as sleep } from "node:timers/promises";
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type GetQueueAttributesCommandInput,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { QueuedMessage } from "../../../core/collections/messages/collection-queue.ts";

interface Held {
  readonly messageId: string;
  readonly body: string;
  readonly groupId: string;
  readonly deduplicationId: string;
  readonly attributes: Record<string, string>;
  hiddenUntil: number;
  receives: number;
}

/** A FIFO queue as the SDK's client shows it: one message a group in flight, deduplication, visibility. */
class MemoryQueue {
  readonly messages: Held[] = [];
  readonly seen = new Set<string>();

  send(message: Omit<Held, "messageId" | "hiddenUntil" | "receives">): void {
    if (this.seen.has(message.deduplicationId)) return;
    this.seen.add(message.deduplicationId);
    this.messages.push({ ...message, messageId: `m-${this.seen.size}`, hiddenUntil: 0, receives: 0 });
  }

  receive(most: number, hiddenMs: number): Held[] {
    const now = performance.now();
    const busy = new Set(this.messages.filter((one) => one.hiddenUntil > now).map(({ groupId }) => groupId));
    const received: Held[] = [];
    for (const message of this.messages) {
      if (received.length === most) break;
      if (busy.has(message.groupId)) continue;
      busy.add(message.groupId);
      message.hiddenUntil = now + hiddenMs;
      message.receives += 1;
      received.push(message);
    }
    return received;
  }

  delete(messageId: string): boolean {
    const position = this.messages.findIndex((message) => message.messageId === messageId);
    if (position >= 0) this.messages.splice(position, 1);
    return position >= 0;
  }

  hide(messageId: string, seconds: number): boolean {
    const message = this.messages.find((one) => one.messageId === messageId);
    if (message) message.hiddenUntil = performance.now() + seconds * 1000;
    return message !== undefined;
  }
}

/** The SQS of a test, with a queue for every URL that is spoken to. */
export class MemorySqs {
  readonly #queues = new Map<string, MemoryQueue>();
  /** Visibility timeouts that were asked for, in order. */
  readonly hidings: number[] = [];

  at(url: string): MemoryQueue {
    const queue = this.#queues.get(url) ?? new MemoryQueue();
    this.#queues.set(url, queue);
    return queue;
  }

  /** What a mapping passes to the function. */
  deliver(url: string, most = 10): QueuedMessage[] {
    return this.at(url)
      .receive(most, 60_000)
      .map((message) => ({ ...message, receiptHandle: message.messageId, delivered: true }));
  }

  /** Makes every message of a queue receivable, as time would. */
  reveal(url: string): void {
    for (const message of this.at(url).messages) message.hiddenUntil = 0;
  }

  get client(): SQSClient {
    const send = (command: unknown, options?: { abortSignal?: AbortSignal }) =>
      this.#answer(command, options?.abortSignal);
    return { send } as unknown as SQSClient;
  }

  #depths({ QueueUrl = "" }: GetQueueAttributesCommandInput): Record<string, string> {
    const { messages } = this.at(QueueUrl);
    const inFlight = messages.filter(({ hiddenUntil }) => hiddenUntil > performance.now()).length;
    return {
      ApproximateNumberOfMessages: String(messages.length - inFlight),
      ApproximateNumberOfMessagesNotVisible: String(inFlight),
    };
  }

  async #receive(
    url: string,
    most: number,
    hiddenMs: number,
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Held[]> {
    for (const late = performance.now() + waitMs; ; await sleep(20)) {
      signal?.throwIfAborted();
      const received = this.at(url).receive(most, hiddenMs);
      if (received.length > 0 || performance.now() >= late) return received;
    }
  }

  async #answer(command: unknown, signal: AbortSignal | undefined): Promise<object> {
    if (command instanceof ReceiveMessageCommand) {
      const {
        QueueUrl = "",
        MaxNumberOfMessages = 1,
        VisibilityTimeout = 30,
        WaitTimeSeconds = 0,
      } = command.input;
      const received = await this.#receive(
        QueueUrl,
        MaxNumberOfMessages,
        VisibilityTimeout * 1000,
        WaitTimeSeconds * 1000,
        signal,
      );
      const Messages = received.map((message) => ({
        MessageId: message.messageId,
        ReceiptHandle: message.messageId,
        Body: message.body,
        Attributes: { MessageGroupId: message.groupId, MessageDeduplicationId: message.deduplicationId },
        MessageAttributes: Object.fromEntries(
          Object.entries(message.attributes).map(([name, value]) => [name, { StringValue: value }]),
        ),
      }));
      return { Messages };
    }
    if (command instanceof DeleteMessageBatchCommand) {
      const { QueueUrl = "", Entries = [] } = command.input;
      for (const { ReceiptHandle = "" } of Entries) this.at(QueueUrl).delete(ReceiptHandle);
      return {};
    }
    if (command instanceof ChangeMessageVisibilityBatchCommand) {
      const { QueueUrl = "", Entries = [] } = command.input;
      const Failed = Entries.filter(({ ReceiptHandle = "", VisibilityTimeout = 0 }) => {
        this.hidings.push(VisibilityTimeout);
        return !this.at(QueueUrl).hide(ReceiptHandle, VisibilityTimeout);
      }).map(({ Id }) => ({ Id, Code: "ReceiptHandleIsInvalid" }));
      return { Failed };
    }
    if (command instanceof SendMessageCommand) {
      const {
        QueueUrl = "",
        MessageBody = "",
        MessageGroupId = "",
        MessageDeduplicationId = "",
      } = command.input;
      const attributes = Object.entries(command.input.MessageAttributes ?? {});
      this.at(QueueUrl).send({
        body: MessageBody,
        groupId: MessageGroupId,
        deduplicationId: MessageDeduplicationId,
        attributes: Object.fromEntries(
          attributes.map(([name, { StringValue }]) => [name, StringValue ?? ""]),
        ),
      });
      return {};
    }
    if (command instanceof GetQueueAttributesCommand) return { Attributes: this.#depths(command.input) };
    throw new Error("The queue of this test does not know the call.");
  }
}
