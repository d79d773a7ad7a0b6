import {
  type MessageAttributeValue,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { Failure } from "../failure.ts";

/** Limits of one call, for the sum of bodies and attributes. */
const mostEntries = 10;
const mostBytes = 1024 * 1024;
const mostCalls = 4;
const firstPauseMs = 50;

export interface OutgoingMessage {
  readonly body: string;
  readonly messageAttributes: Readonly<Record<string, { DataType: "String"; StringValue: string }>>;
  /** Both for FIFO queues only. */
  readonly groupId?: string;
  readonly deduplicationId?: string;
}

/** Some messages are not in the queue; all others are. */
export class QueueRejected extends Failure {
  /** Positions of the messages that are not in the queue, ascending. */
  readonly positions: readonly number[];

  constructor(queueUrl: string, refusals: ReadonlyMap<number, string>) {
    const reasons = [...new Set(refusals.values())].join("; ");
    super(
      `${refusals.size} messages are not in ${queueUrl}: ${reasons}.`,
      "They are sent again with their stream records; if it goes on, look at the queue and the role's permissions.",
    );
    this.positions = [...refusals.keys()].sort((a, b) => a - b);
  }
}

/** Sends many messages in few calls and sends again only those that the queue refused. */
export class QueuePublisher {
  readonly #sqs: SQSClient;
  readonly #queueUrl: string;
  readonly #pause: (ms: number) => Promise<unknown>;

  constructor(sqs: SQSClient, queueUrl: string, pause: (ms: number) => Promise<unknown>) {
    this.#sqs = sqs;
    this.#queueUrl = queueUrl;
    this.#pause = pause;
  }

  /** Resolves when every message is in the queue. Throws QueueRejected, after all others have been sent. */
  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    const refusals = new Map<number, string>();
    for (const batch of batches(messages)) {
      for (const [position, reason] of await this.#sendBatch(batch)) refusals.set(position, reason);
    }
    if (refusals.size > 0) throw new QueueRejected(this.#queueUrl, refusals);
  }

  async #sendBatch(batch: readonly SendMessageBatchRequestEntry[]): Promise<Map<number, string>> {
    const refused = new Map<number, string>();
    let waiting = batch;
    for (let call = 1; waiting.length > 0; call += 1) {
      const answer = await this.#call(waiting);
      const again = new Set<string>();
      for (const { Id = "", Code = "", Message = "", SenderFault = false } of answer) {
        if (SenderFault || call === mostCalls) refused.set(Number(Id), `${Code} ${Message}`.trim());
        else again.add(Id);
      }
      waiting = waiting.filter((entry) => again.has(entry.Id ?? ""));
      if (waiting.length > 0) await this.#pause(firstPauseMs * 2 ** (call - 1));
    }
    return refused;
  }

  /** The entries that were not taken. A call that failed altogether took none; the SDK has retried it. */
  async #call(entries: readonly SendMessageBatchRequestEntry[]) {
    try {
      const { Failed = [] } = await this.#sqs.send(
        new SendMessageBatchCommand({ QueueUrl: this.#queueUrl, Entries: [...entries] }),
      );
      return Failed;
    } catch (error) {
      const { name, message } = error as Error;
      return entries.map(({ Id }) => ({ Id, Code: name, Message: message, SenderFault: true }));
    }
  }
}

/** Entries in order, as many a batch as one call takes; `Id` is the message's position. */
export function* batches(messages: readonly OutgoingMessage[]): Generator<SendMessageBatchRequestEntry[]> {
  let batch: SendMessageBatchRequestEntry[] = [];
  let bytes = 0;
  for (const [position, message] of messages.entries()) {
    const size = bytesOf(message);
    if (batch.length === mostEntries || (batch.length > 0 && bytes + size > mostBytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push({
      Id: String(position),
      MessageBody: message.body,
      MessageAttributes: message.messageAttributes as Record<string, MessageAttributeValue>,
      MessageGroupId: message.groupId,
      MessageDeduplicationId: message.deduplicationId,
    });
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** As SQS counts: the body, and each attribute's name, type and value. */
export function bytesOf(message: OutgoingMessage): number {
  let bytes = Buffer.byteLength(message.body);
  for (const [name, { DataType, StringValue }] of Object.entries(message.messageAttributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(DataType) + Buffer.byteLength(StringValue);
  }
  return bytes;
}
