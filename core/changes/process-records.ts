import type { Collection } from "../../contract/collections.ts";
import { metricsOf } from "../../contract/metrics.ts";
import { ofShardKey } from "../documents/shards.ts";
import type { ChangeMessage } from "../entities/change-message.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { receiptOfVector } from "../receipts/receipt.ts";
import { linkToCauses } from "../tracing/span.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";
import { type QueuePublisher, QueueRejectedError } from "./queue-publisher.ts";
import { rejectedRecord } from "./rejected-record.ts";
import {
  add,
  empty,
  malformedOf,
  type Outbox,
  type Outboxes,
  type RunNews,
  runNews,
  sortRecords,
} from "./sort-records.ts";
import type { Watched } from "./watched.ts";

/** SQS accepted no message of a batch: an outage, not a fault of a record. */
export class ChangesNotQueuedError extends VectorkeepError {
  constructor(messages: number, reason: string) {
    super(
      `None of ${messages} change messages could be sent: ${reason}.`,
      "The stream redelivers the batch until its records are 20 hours old. Check the queues and the role's permissions.",
    );
  }
}

export interface RecordDeps {
  /** The queues of each collection, in shard order. */
  readonly collections: Readonly<Record<Collection, readonly QueuePublisher[]>>;
  /** The queues for runs that are published in `lines`, and for those with a COMPLETED or FAILED half; absent if nothing consumes them. */
  readonly news?: { readonly [Name in RunNews]?: QueuePublisher | undefined };
  /** The queue for malformed and refused records. */
  readonly rejected: QueuePublisher;
  readonly watched: Watched;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Maximum number of receipts in a log line. */
const receiptsNamed = 20;

/**
 * Sends the change messages of stream records. A poison record goes to the rejected queue, so that it does not block
 * the others. After an outage the stream redelivers the records, for as long as the outage lasts (F39).
 *
 * Resolves to the position of the first record with an unsent message; undefined if all were sent. Throws
 * ChangesNotQueuedError if no message could be sent.
 */
export async function processRecords(
  records: readonly unknown[],
  services: RecordDeps,
): Promise<number | undefined> {
  const { log } = services;
  const news = runNews.flatMap((name) => {
    const queue = services.news?.[name];
    return queue === undefined ? [] : [{ name, queue }];
  });
  const announced = news.map(({ name }) => name);
  const sorted = sortRecords(records, services.watched, announced);
  const { boxes } = sorted;
  linkToCauses([...boxes.lines.messages, ...boxes.words.messages].map(({ traceparent }) => traceparent));
  const sent = await Promise.all([
    ...send(byQueue(boxes.lines, services.collections.lines)),
    ...send(byQueue(boxes.words, services.collections.words)),
    ...news.map(({ name, queue }) => sendOne(queue, boxes[name])),
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
  const tried = Object.values(boxes).reduce((sum, { messages }) => sum + messages.length, 0);
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

/** One line per batch, so that a change can be traced by its receipt. */
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

/** The messages by the queue of their shard. */
function byQueue(
  { messages, positions }: Outbox<ChangeMessage>,
  inShardOrder: readonly QueuePublisher[],
): Map<QueuePublisher, Outbox> {
  const boxes = new Map<QueuePublisher, Outbox>();
  for (const [index, message] of messages.entries()) {
    const queue = ofShardKey(inShardOrder, message.shardKey);
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

/** The result of sending to one queue: outages, and poison messages. */
interface Sent {
  readonly outages: readonly Unsent[];
  /** Reasons, by position of the record. */
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

/** No other queue is left for a record that the rejected queue refuses, so it stays in the stream. */
function poisonAsOutage({ poison }: Sent): Unsent[] {
  return [...poison].map(([position, reason]) => ({ position, reason }));
}
