import type { ChangeMessage } from "../entities/change-message.ts";
import type { Log } from "../log.ts";
import { type Metrics, metricsOf } from "../metrics.ts";
import { type Collection, receiptOfVector } from "../receipts/receipt.ts";
import { ofImage } from "../receipts/shards.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";
import { type QueuePublisher, QueueRejectedError } from "./queue-publisher.ts";
import { rejectedRecord } from "./rejected-record.ts";
import { add, empty, malformedOf, type Outbox, type Outboxes, sortRecords } from "./sort-records.ts";
import type { Watched } from "./watched.ts";

/** SQS took nothing of a batch: an outage, and no fault of a record. */
export class ChangesNotQueuedError extends VectorkeepError {
  constructor(messages: number, reason: string) {
    super(
      `None of ${messages} change messages is in its queue: ${reason}.`,
      "The stream delivers the batch again until its records are 20 hours old; look at the queues and the role's permissions.",
    );
  }
}

export interface RecordDeps {
  /** In shard order. */
  readonly collections: Readonly<Record<Collection, readonly QueuePublisher[]>>;
  /** For malformed records. */
  readonly rejected: QueuePublisher;
  readonly watched: Watched;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** As many receipts as a log line names. */
const receiptsNamed = 20;

/**
 * Sends what each stream record has to say. A record that can never be sent goes to the rejected queue, so that it holds
 * up no other; what an outage keeps from its queue is for the stream to deliver again, for as long as it takes (F39).
 *
 * Resolves to the position of the first record whose messages are not all in their queues; undefined when all are.
 * Throws ChangesNotQueuedError where no message at all is in its queue.
 */
export async function processRecords(
  records: readonly unknown[],
  services: RecordDeps,
): Promise<number | undefined> {
  const { log } = services;
  const sorted = sortRecords(records, services.watched);
  const { boxes } = sorted;
  const sent = await Promise.all([
    ...send(byQueue(boxes.lines, services.collections.lines)),
    ...send(byQueue(boxes.words, services.collections.words)),
  ]);
  const poison = new Map(sent.flatMap((one) => [...one.poison]));
  const rejected = [
    ...sorted.malformed,
    ...[...poison].map(([position, reason]) => malformedOf(records[position], reason)),
  ];
  for (const one of rejected) {
    log.error("A stream record was rejected and goes to the rejected queue", { ...one });
  }
  for (const [position, reason] of poison) {
    add(boxes.rejected, position, rejectedRecord(records[position], reason));
  }
  const kept = await sendOne(services.rejected, boxes.rejected);
  const unsent = [...sent.flatMap(({ outages }) => outages), ...kept.outages, ...poisonAsOutage(kept)];
  for (const reason of new Set(unsent.map((one) => one.reason))) {
    log.error("Change messages could not be sent; the stream redelivers their records", { reason });
  }
  const tried = boxes.lines.messages.length + boxes.words.messages.length + boxes.rejected.messages.length;
  const poisonMessages = sent.reduce((sum, one) => sum + one.poison.size, 0);
  countAndLog(services, sorted, {
    RecordsReceived: records.length,
    RecordsSkipped: sorted.skipped,
    RecordsOfOthers: sorted.ofOthers,
    RecordsRelevant: sorted.relevant,
    RecordsRejected: rejected.length,
    MessagesSent: tried - unsent.length - poisonMessages,
    MessagesRefused: unsent.length,
  });
  const [first] = unsent;
  if (first === undefined) return undefined;
  if (unsent.length === tried) throw new ChangesNotQueuedError(tried, first.reason);
  return Math.min(...unsent.map(({ position }) => position));
}

type Counts = Readonly<Record<(typeof metricsOf)["stream-processor"][number], number>>;

/** One line per batch, so that a change can be followed by its receipt. */
function countAndLog({ metrics, log }: RecordDeps, { boxes }: Outboxes, counts: Counts): void {
  for (const name of metricsOf["stream-processor"]) metrics.count(name, counts[name]);
  log.info("Stream batch done", {
    received: counts.RecordsReceived,
    relevant: counts.RecordsRelevant,
    skipped: counts.RecordsSkipped,
    of_others: counts.RecordsOfOthers,
    rejected: counts.RecordsRejected,
    sent: counts.MessagesSent,
    refused: counts.MessagesRefused,
    receipts: [...receiptsOf(boxes)].slice(0, receiptsNamed),
  });
}

function receiptsOf({ lines, words }: Outboxes["boxes"]): Set<string> {
  const groups = [...lines.messages, ...words.messages].map(({ groupId }) => groupId);
  return new Set(groups.map(receiptOfVector));
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

interface Unsent {
  readonly position: number;
  readonly reason: string;
}

/** Of the records whose message is not in the queue: by an outage, or for what it says. */
interface Sent {
  readonly outages: readonly Unsent[];
  /** Reason by position. */
  readonly poison: ReadonlyMap<number, string>;
}

function send(boxes: ReadonlyMap<QueuePublisher, Outbox>): Promise<Sent>[] {
  return [...boxes].map(([queue, box]) => sendOne(queue, box));
}

async function sendOne(queue: QueuePublisher, { messages, positions }: Outbox): Promise<Sent> {
  try {
    await queue.send(messages);
    return { outages: [], poison: new Map() };
  } catch (error) {
    if (!(error instanceof QueueRejectedError)) throw error;
    const [poison, outages] = [[], []] as [Unsent[], Unsent[]];
    for (const [at, { reason, isPoison }] of error.refusals) {
      (isPoison ? poison : outages).push({ position: positions[at] ?? 0, reason });
    }
    return { outages, poison: new Map(poison.map(({ position, reason }) => [position, reason])) };
  }
}

/** What the rejected queue itself refuses has nowhere else to go: the stream keeps it. */
function poisonAsOutage({ poison }: Sent): Unsent[] {
  return [...poison].map(([position, reason]) => ({ position, reason }));
}
