import {
  type BatchResultErrorEntry,
  type MessageAttributeValue,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { exponentialMs } from "../resilience/backoff.ts";
import { batchesOf } from "../resilience/batch.ts";
import type { Clock } from "../resilience/clock.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import { type Attempt, retry } from "../resilience/retry.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";

/** Limits per SendMessageBatch call; bytes count bodies and attributes. */
const maxEntries = 10;
const maxBytes = 1024 * 1024;
const callsAtOnce = 4;
const maxAttempts = 4;
const backoff = { firstMs: 50, maxMs: 1_000 };

/** Errors of a whole call that a single message causes. */
const contentFaults = [
  "BatchRequestTooLong",
  "InvalidMessageContents",
  "InvalidParameterValue",
  "InvalidParameterValueException",
];
/** Error codes with SenderFault that are not the message's fault. */
const queueFaults = /AccessDenied|Kms|Throttl|NonExistentQueue|QueueDoesNotExist/i;

export interface OutgoingMessage {
  readonly body: string;
  readonly messageAttributes: Readonly<Record<string, { DataType: "String"; StringValue: string }>>;
  /** groupId and deduplicationId are set for FIFO queues only. */
  readonly groupId?: string;
  readonly deduplicationId?: string;
}

/** The reason why a message was not sent. */
export interface Refusal {
  readonly reason: string;
  /** Whether the message itself is refused, permanently. Otherwise it is an outage. */
  readonly isPoison: boolean;
}

/** Some messages were not sent; all others were. */
export class QueueRejectedError extends VectorkeepError {
  /** Positions of the unsent messages, ascending. */
  readonly positions: readonly number[];
  readonly refusals: ReadonlyMap<number, Refusal>;

  constructor(queueUrl: string, refusals: ReadonlyMap<number, Refusal>) {
    const reasons = [...new Set([...refusals.values()].map(({ reason }) => reason))].join("; ");
    super(
      `${refusals.size} messages could not be sent to ${queueUrl}: ${reasons}.`,
      "They are sent again when the stream redelivers their records. If it persists, check the queue and the role's permissions.",
    );
    this.refusals = refusals;
    this.positions = [...refusals.keys()].sort((a, b) => a - b);
  }
}

/** Sends messages in batches, in order within a group, and retries only the refused ones. */
export class QueuePublisher {
  readonly #sqs: SQSClient;
  readonly #queueUrl: string;
  readonly #clock: Clock;

  constructor(sqs: SQSClient, queueUrl: string, clock: Clock) {
    this.#sqs = sqs;
    this.#queueUrl = queueUrl;
    this.#clock = clock;
  }

  /** Resolves when every message is sent. Throws QueueRejectedError after all other messages have been sent. */
  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    const refusals = new Map<number, Refusal>();
    await inParallel(lanesOf(messages), callsAtOnce, async (lane) => {
      for (const batch of batches(lane)) {
        for (const [position, refusal] of await this.#sendBatch(batch)) refusals.set(position, refusal);
      }
    });
    if (refusals.size > 0) throw new QueueRejectedError(this.#queueUrl, refusals);
  }

  async #sendBatch(batch: readonly SendMessageBatchRequestEntry[]): Promise<Map<number, Refusal>> {
    const refused = new Map<number, Refusal>();
    let waiting = batch;
    let transient: readonly NotTaken[] = [];
    const attempt = async (): Promise<Attempt<void>> => {
      const notTaken = await this.#call(waiting);
      transient = notTaken.filter(({ fault }) => fault === "transient");
      for (const { id, fault, reason } of notTaken) {
        if (fault !== "transient") refused.set(Number(id), { reason, isPoison: fault === "content" });
      }
      const [first] = transient;
      if (first === undefined) return { kind: "done", value: undefined };
      const again = new Set(transient.map(({ id }) => id));
      waiting = waiting.filter((entry) => again.has(entry.Id ?? ""));
      return { kind: "retry", error: new Error(first.reason) };
    };
    await retry(attempt, {
      maxAttempts,
      backoffMs: (failed) => exponentialMs(backoff, failed),
      clock: this.#clock,
      exhausted: ({ error }) => error,
    }).catch((error: unknown) => {
      if (transient.length === 0) throw error;
    });
    for (const { id, reason } of transient) refused.set(Number(id), { reason, isPoison: false });
    return refused;
  }

  /**
   * The entries that were not accepted. A failed call accepted none, after the SDK's retries. If it failed because of
   * its content, each entry is sent alone, so that only the poison message is refused.
   */
  async #call(entries: readonly SendMessageBatchRequestEntry[]): Promise<NotTaken[]> {
    try {
      const { Failed = [] } = await this.#sqs.send(
        new SendMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries: [...entries] }),
      );
      return Failed.map(notTaken);
    } catch (error) {
      const { name, message } = error as Error;
      const fault = contentFaults.includes(name) ? "content" : "queue";
      if (fault === "content" && entries.length > 1) {
        const alone: NotTaken[] = [];
        for (const entry of entries) alone.push(...(await this.#call([entry])));
        return alone;
      }
      return entries.map(({ Id = "" }) => ({ id: Id, fault, reason: `${name} ${message}`.trim() }));
    }
  }
}

/** A refused entry, and what caused the refusal: its content, the queue, or a transient error. */
interface NotTaken {
  readonly id: string;
  readonly fault: "content" | "queue" | "transient";
  readonly reason: string;
}

function notTaken({
  Id = "",
  Code = "",
  Message = "",
  SenderFault = false,
}: BatchResultErrorEntry): NotTaken {
  const blamed = queueFaults.test(Code) ? "queue" : "content";
  return { id: Id, fault: SenderFault ? blamed : "transient", reason: `${Code} ${Message}`.trim() };
}

type Positioned = readonly [position: number, message: OutgoingMessage];

/** Divides messages into lanes that may be sent concurrently. All messages of a group are in one lane, in order. */
function lanesOf(messages: readonly OutgoingMessage[]): readonly Positioned[][] {
  const lanes: Positioned[][] = Array.from({ length: callsAtOnce }, () => []);
  const laneOfGroup = new Map<string | undefined, number>();
  for (const [position, message] of messages.entries()) {
    // Fills one call before the next lane is used, so that a few messages need one call.
    const next = Math.floor(laneOfGroup.size / maxEntries) % lanes.length;
    const lane = laneOfGroup.get(message.groupId) ?? next;
    laneOfGroup.set(message.groupId, lane);
    lanes[lane]?.push([position, message]);
  }
  return lanes.filter(({ length }) => length > 0);
}

/** Batches of entries, in order and within the limits of one call; `Id` is the message's position. */
export function* batches(messages: Iterable<Positioned>): Generator<SendMessageBatchRequestEntry[]> {
  const limits = {
    maxCount: maxEntries,
    maxBytes,
    bytesOf: ([, message]: Positioned) => bytesOf(message),
  };
  for (const batch of batchesOf(messages, limits)) {
    yield batch.map(([position, message]) => ({
      Id: String(position),
      MessageBody: message.body,
      MessageAttributes: message.messageAttributes as Record<string, MessageAttributeValue>,
      MessageGroupId: message.groupId,
      MessageDeduplicationId: message.deduplicationId,
    }));
  }
}

/** The size as SQS counts it: the body, and the name, type and value of each attribute. */
export function bytesOf(message: OutgoingMessage): number {
  let bytes = Buffer.byteLength(message.body);
  for (const [name, { DataType, StringValue }] of Object.entries(message.messageAttributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(DataType) + Buffer.byteLength(StringValue);
  }
  return bytes;
}
