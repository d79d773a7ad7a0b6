import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { CountEvents } from "../lambda/function-metrics.ts";
import type { FunctionPool } from "../lambda/function-pool.ts";
import { hopsOf, maxHops, nextHop } from "../lambda/trace-header.ts";
import { BatchWindow } from "./batch-window.ts";
import { invokeThroughThrottles } from "./invoke-through-throttles.ts";
import { readItemFailures } from "./item-failures.ts";
import type { QueueMapping } from "./mapping-definition.ts";
import type { Poller } from "./poller.ts";
import { queueRecord } from "./sqs-event.ts";

interface Received {
  readonly message: Message;
  readonly bytes: number;
}

/** AWS starts with five concurrent batches. */
const usualConcurrency = 5;
const maxPollSeconds = 20;
const maxMessagesPerCall = 10;
/** Lambda's limit for an event, less the overhead around the bodies. */
const maxBatchBytes = 5.5 * 1024 * 1024;

function traceOf({ Attributes }: Message): string | undefined {
  return Attributes?.AWSTraceHeader;
}

interface Surroundings {
  readonly queueUrl: string;
  readonly count: CountEvents;
}

/**
 * Polls a queue with the function's role and invokes the function with batches. Messages that succeeded are
 * deleted; failed ones are redelivered when their visibility timeout ends. The queue itself keeps FIFO groups in order: it
 * delivers nothing of a group while a message of it is in flight.
 */
export class QueuePoller implements Poller {
  readonly #mapping: QueueMapping;
  readonly #pool: FunctionPool;
  readonly #sqs: SQSClient;
  readonly #queueUrl: string;
  readonly #count: CountEvents;
  readonly #window: BatchWindow<Received>;
  readonly #inFlight = new Set<Promise<void>>();
  #visibilityMilliseconds = 0;
  #hasDeadLetters = false;
  #deliveryError: unknown;

  constructor(mapping: QueueMapping, pool: FunctionPool, sqs: SQSClient, { queueUrl, count }: Surroundings) {
    this.#mapping = mapping;
    this.#pool = pool;
    this.#sqs = sqs;
    this.#queueUrl = queueUrl;
    this.#count = count;
    this.#window = new BatchWindow({
      items: mapping.batchSize,
      bytes: maxBatchBytes,
      windowMilliseconds: mapping.windowSeconds * 1000,
    });
  }

  async prepare(): Promise<void> {
    const { Attributes } = await this.#sqs.send(
      new GetQueueAttributesCommand({
        QueueUrl: this.#queueUrl,
        AttributeNames: ["VisibilityTimeout", "RedrivePolicy"],
      }),
    );
    this.#visibilityMilliseconds = Number(Attributes?.VisibilityTimeout) * 1000;
    this.#hasDeadLetters = Attributes?.RedrivePolicy !== undefined;
  }

  async poll(signal: AbortSignal): Promise<void> {
    this.#throwDeliveryError();
    if (this.#inFlight.size >= (this.#mapping.maximumConcurrency ?? usualConcurrency)) {
      await Promise.race(this.#inFlight);
      return;
    }
    const dueAt = this.#window.dueAt;
    if (dueAt !== undefined && dueAt <= Date.now()) {
      this.#deliver(this.#window.take(Date.now()), signal);
      return;
    }
    const waitSeconds =
      dueAt === undefined ? maxPollSeconds : Math.min(maxPollSeconds, Math.ceil((dueAt - Date.now()) / 1000));
    this.#window.add(await this.#receive(waitSeconds, signal), Date.now());
  }

  async settled(): Promise<void> {
    await Promise.all(this.#inFlight);
  }

  async #receive(waitSeconds: number, signal: AbortSignal): Promise<Received[]> {
    const { Messages = [] } = await this.#sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: this.#queueUrl,
        MaxNumberOfMessages: Math.min(maxMessagesPerCall, this.#window.room),
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ["All"],
        MessageAttributeNames: ["All"],
      }),
      { abortSignal: signal },
    );
    this.#count("PolledEventCount", Messages.length);
    return Messages.map((message) => ({ message, bytes: Buffer.byteLength(message.Body ?? "") }));
  }

  #deliver(batch: readonly Received[], signal: AbortSignal): void {
    const messages = batch.map(({ message }) => message);
    const delivery = this.#invoke(messages, signal)
      .catch((error: unknown) => {
        this.#deliveryError = error;
      })
      .finally(() => this.#inFlight.delete(delivery));
    this.#inFlight.add(delivery);
  }

  /**
   * Throws the error of a delivery, which runs concurrently with polling, for example if the role may not delete
   * messages.
   */
  #throwDeliveryError(): void {
    const error = this.#deliveryError;
    this.#deliveryError = undefined;
    if (error !== undefined) throw error;
  }

  async #invoke(received: readonly Message[], signal: AbortSignal): Promise<void> {
    const messages = await this.#withoutLoops(received);
    if (messages.length === 0) return;
    const { arn } = this.#pool.definition;
    const trace = nextHop(messages.map(traceOf), arn);
    const records = messages.map((message) => queueRecord(message, this.#mapping.eventSourceArn));
    const visibleAgainAt = Date.now() + this.#visibilityMilliseconds;
    const event = JSON.stringify({ Records: records });
    const result = await invokeThroughThrottles(this.#pool, event, visibleAgainAt, signal, trace);
    if (result !== undefined) this.#count("InvokedEventCount", records.length);
    if (result?.failed) this.#count("FailedInvokeEventCount", records.length);
    if (result === undefined || result.failed) return;
    const identifiers = messages.map(({ MessageId }) => MessageId ?? "");
    const failures = this.#mapping.partialFailures
      ? readItemFailures(result.payload, identifiers)
      : new Set<string>();
    if (failures === "all") return;
    await this.#delete(messages.filter(({ MessageId }) => !failures.has(MessageId ?? "")));
  }

  /**
   * Lambda ends a chain in which a function reaches itself by way of the queue some 16 times, unless the function allows
   * recursion: the message ends in the dead-letter queue, here after unprocessed receives, or is dropped without one.
   */
  async #withoutLoops(messages: readonly Message[]): Promise<readonly Message[]> {
    const { allowsLoops, definition } = this.#pool;
    if (allowsLoops) return messages;
    const isLoop = (message: Message) => hopsOf(traceOf(message), definition.arn) >= maxHops;
    const loops = messages.filter(isLoop);
    if (loops.length === 0) return messages;
    if (this.#hasDeadLetters) await this.#return(loops);
    else await this.#delete(loops);
    return messages.filter((message) => !isLoop(message));
  }

  /** Makes messages visible immediately, or after their visibility timeout if the role lacks the permission. */
  async #return(messages: readonly Message[]): Promise<void> {
    for (const { ReceiptHandle } of messages) {
      const atOnce = new ChangeMessageVisibilityCommand({
        QueueUrl: this.#queueUrl,
        ReceiptHandle,
        VisibilityTimeout: 0,
      });
      await this.#sqs.send(atOnce).catch(() => undefined);
    }
  }

  async #delete(messages: readonly Message[]): Promise<void> {
    for (let start = 0; start < messages.length; start += maxMessagesPerCall) {
      const slice = messages.slice(start, start + maxMessagesPerCall);
      await this.#sqs.send(
        new DeleteMessageBatchCommand({
          QueueUrl: this.#queueUrl,
          Entries: slice.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
        }),
      );
    }
  }
}
