import type { Log } from "../log.ts";
import { type Collection, collections } from "../receipts/receipt.ts";
import { type OutgoingMessage, type QueuePublisher, QueueRejected } from "./queue-publisher.ts";
import { readChange } from "./read-change.ts";
import { rejectedRecord } from "./rejected-record.ts";
import { runMessages } from "./run-change.ts";

export interface ChangeQueues {
  readonly collections: Readonly<Record<Collection, QueuePublisher>>;
  /** For malformed records. */
  readonly rejected: QueuePublisher;
}

interface Waiting {
  readonly messages: OutgoingMessage[];
  /** Position of each message's record. */
  readonly records: number[];
}

/**
 * Sends what each stream record has to say.
 * Resolves to the position of the first record whose messages are not all in their queues; undefined when all are.
 */
export async function processRecords(
  records: readonly unknown[],
  queues: ChangeQueues,
  log: Log,
): Promise<number | undefined> {
  const waiting = { lines: empty(), words: empty(), rejected: empty() };
  const counts = { changes: 0, unrelated: 0, malformed: 0 };
  for (const [position, record] of records.entries()) {
    const messages = messagesOf(record);
    if (messages === "unrelated") counts.unrelated += 1;
    else if ("malformed" in messages) {
      counts.malformed += 1;
      log.error("A stream record is malformed; it goes to the rejected queue", {
        reason: messages.malformed,
      });
      add(waiting.rejected, position, rejectedRecord(record, messages.malformed));
    } else {
      counts.changes += 1;
      for (const [collection, message] of messages) add(waiting[collection], position, message);
    }
  }
  const failed = await Promise.all([
    ...collections.map((collection) => send(queues.collections[collection], waiting[collection], log)),
    send(queues.rejected, waiting.rejected, log),
  ]);
  log.info("Stream records processed", { records: records.length, ...counts });
  const first = Math.min(...failed);
  return Number.isFinite(first) ? first : undefined;
}

function messagesOf(record: unknown): "unrelated" | ReturnType<typeof runMessages> {
  const read = readChange(record);
  if (read.kind === "unrelated") return "unrelated";
  if (read.kind === "malformed") return { malformed: read.reason };
  return runMessages(read);
}

/** Position of the first record that has a message not in the queue; Infinity when there is none. */
async function send(queue: QueuePublisher, { messages, records }: Waiting, log: Log): Promise<number> {
  try {
    await queue.send(messages);
    return Number.POSITIVE_INFINITY;
  } catch (error) {
    if (!(error instanceof QueueRejected)) throw error;
    log.error(error.message, { failure: error.name });
    return Math.min(...error.positions.map((position) => records[position] ?? 0));
  }
}

function empty(): Waiting {
  return { messages: [], records: [] };
}

function add(waiting: Waiting, record: number, message: OutgoingMessage): void {
  waiting.messages.push(message);
  waiting.records.push(record);
}
