import type { ChangeMessage } from "../entities/change-message.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { type Collection, collections } from "../receipts/receipt.ts";
import { ofImage } from "../receipts/shards.ts";
import { messagesOf } from "./messages-of.ts";
import { type OutgoingMessage, type QueuePublisher, QueueRejected } from "./queue-publisher.ts";
import { readChange } from "./read-change.ts";
import { rejectedRecord } from "./rejected-record.ts";
import type { Watched } from "./watched.ts";

export interface RecordServices {
  /** In shard order. */
  readonly collections: Readonly<Record<Collection, readonly QueuePublisher[]>>;
  /** For malformed records. */
  readonly rejected: QueuePublisher;
  readonly watched: Watched;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Messages for one destination, each with the position of its record. */
interface Outbox<Message extends OutgoingMessage = OutgoingMessage> {
  readonly messages: Message[];
  readonly positions: number[];
}

export interface Outboxes {
  readonly boxes: Readonly<Record<Collection, Outbox<ChangeMessage>> & { rejected: Outbox }>;
  readonly relevant: number;
  readonly skipped: number;
  /** Reason of each malformed record. */
  readonly malformed: readonly string[];
}

/**
 * Sends what each stream record has to say.
 * Resolves to the position of the first record whose messages are not all in their queues; undefined when all are.
 */
export async function processRecords(
  records: readonly unknown[],
  services: RecordServices,
): Promise<number | undefined> {
  const { log, metrics } = services;
  const { boxes, relevant, skipped, malformed } = sortRecords(records, services.watched);
  for (const reason of malformed) {
    log.error("A stream record is malformed; it goes to the rejected queue", { reason });
  }
  const outgoing = [
    ...byQueue(boxes.lines, services.collections.lines),
    ...byQueue(boxes.words, services.collections.words),
    [services.rejected, boxes.rejected] as const,
  ];
  const sent = await Promise.all(outgoing.map(([queue, box]) => send(queue, box, log)));
  const failed = sent.flat();
  const total = collections.reduce((sum, collection) => sum + boxes[collection].messages.length, 0);
  const counts = {
    RecordsReceived: records.length,
    RecordsSkipped: skipped,
    RecordsRelevant: relevant,
    RecordsRejected: malformed.length,
    MessagesSent: total + boxes.rejected.messages.length - failed.length,
    MessagesRefused: failed.length,
  };
  for (const [name, value] of Object.entries(counts) as [keyof typeof counts, number][])
    metrics.count(name, value);
  return failed.length > 0 ? Math.min(...failed) : undefined;
}

/** What goes to which collection. Nothing is sent yet. */
export function sortRecords(records: readonly unknown[], watched: Watched): Outboxes {
  const boxes = { lines: empty<ChangeMessage>(), words: empty<ChangeMessage>(), rejected: empty() };
  const malformed: string[] = [];
  let relevant = 0;
  let skipped = 0;
  for (const [position, record] of records.entries()) {
    const read = readChange(record, watched);
    if (read.kind === "skipped") {
      skipped += 1;
      continue;
    }
    const messages = read.kind === "malformed" ? { malformed: read.reason } : messagesOf(read);
    if ("malformed" in messages) {
      malformed.push(messages.malformed);
      add(boxes.rejected, position, rejectedRecord(record, messages.malformed));
    } else {
      relevant += 1;
      for (const [collection, message] of messages) add(boxes[collection], position, message);
    }
  }
  return { boxes, relevant, skipped, malformed };
}

/** What goes to which shard's queue. */
function byQueue(
  { messages, positions }: Outbox<ChangeMessage>,
  inShardOrder: readonly QueuePublisher[],
): Map<QueuePublisher, Outbox> {
  const boxes = new Map<QueuePublisher, Outbox>();
  for (const [index, message] of messages.entries()) {
    const queue = ofImage(inShardOrder, message.imageId);
    const box = boxes.get(queue) ?? empty();
    boxes.set(queue, box);
    add(box, positions[index] ?? 0, message);
  }
  return boxes;
}

/** Positions of the records that have a message not in the queue. */
async function send(queue: QueuePublisher, { messages, positions }: Outbox, log: Log): Promise<number[]> {
  try {
    await queue.send(messages);
    return [];
  } catch (error) {
    if (!(error instanceof QueueRejected)) throw error;
    log.error(error.message, { failure: error.name });
    return error.positions.map((position) => positions[position] ?? 0);
  }
}

function empty<Message extends OutgoingMessage>(): Outbox<Message> {
  return { messages: [], positions: [] };
}

function add<Message extends OutgoingMessage>(
  box: Outbox<Message>,
  position: number,
  message: Message,
): void {
  box.messages.push(message);
  box.positions.push(position);
}
