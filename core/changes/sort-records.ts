import * as z from "zod";
import type { Collection } from "../../contract/collections.ts";
import type { ChangeMessage } from "../entities/change-message.ts";
import { imageOfKey } from "../entities/entity-key.ts";
import { cutMessage } from "../text/cut-message.ts";
import { type MessagesOrReason, messagesOf } from "./messages-of.ts";
import { publishedRunMessage } from "./published-run-message.ts";
import type { OutgoingMessage } from "./queue-publisher.ts";
import { readChange } from "./read-change.ts";
import { rejectedRecord } from "./rejected-record.ts";
import { settledRunMessage } from "./settled-run-message.ts";
import type { Watched } from "./watched.ts";

/** What runs do beside being new, with its message. Each kind has a destination of its own, or none. */
const newsOf = { published: publishedRunMessage, settled: settledRunMessage } as const;
export type RunNews = keyof typeof newsOf;
export const runNews = Object.keys(newsOf) as RunNews[];

/** Messages for one destination, each with the position of its record. */
export interface Outbox<Message extends OutgoingMessage = OutgoingMessage> {
  readonly messages: Message[];
  readonly positions: number[];
}

/** Log fields of a rejected record, by which it can be found in the rejected queue and in the table. */
export interface Malformed {
  readonly image_id?: string | undefined;
  readonly reason: string;
  readonly event_id: unknown;
  readonly pk: unknown;
  readonly sk: unknown;
}

export interface Outboxes {
  readonly boxes: Readonly<Record<Collection, Outbox<ChangeMessage>> & Record<RunNews | "rejected", Outbox>>;
  readonly relevant: number;
  readonly skipped: number;
  /** Items of another application that shares the table. */
  readonly ofOthers: number;
  readonly malformed: readonly Malformed[];
}

/**
 * Sorts records into messages per destination, without sending them. `announced`: the news of runs that have a
 * destination.
 */
export function sortRecords(
  records: readonly unknown[],
  watched: Watched,
  announced: readonly RunNews[] = [],
): Outboxes {
  const boxes = {
    lines: empty<ChangeMessage>(),
    words: empty<ChangeMessage>(),
    rejected: empty(),
    published: empty(),
    settled: empty(),
  };
  const malformed: Malformed[] = [];
  const counts = { relevant: 0, skipped: 0, ofOthers: 0 };
  for (const [position, record] of records.entries()) {
    let isNews = false;
    for (const news of announced) {
      const message = newsOf[news](record);
      if (message === undefined) continue;
      isNews = true;
      add(boxes[news], position, message);
    }
    if (isNews) {
      counts.relevant += 1;
      continue;
    }
    const messages = messagesOrKind(record, watched);
    if (messages === "skipped") counts.skipped += 1;
    else if (messages === "of_others") counts.ofOthers += 1;
    else if ("malformed" in messages) {
      malformed.push(malformedOf(record, messages.malformed));
      add(boxes.rejected, position, rejectedRecord(record, messages.malformed));
    } else {
      counts.relevant += 1;
      for (const [collection, message] of messages) add(boxes[collection], position, message);
    }
  }
  return { boxes, ...counts, malformed };
}

function messagesOrKind(record: unknown, watched: Watched): MessagesOrReason | "skipped" | "of_others" {
  try {
    const read = readChange(record, watched);
    if (read.kind === "malformed") return { malformed: read.reason };
    return read.kind === "change" ? messagesOf(read) : read.kind;
  } catch (error) {
    // An error here would block the shard until the record expires, so the record is rejected instead.
    return { malformed: `it cannot be read: ${String(error)}` };
  }
}

const named = z.object({
  eventID: z.unknown(),
  dynamodb: z
    .object({ Keys: z.object({ PK: z.unknown(), SK: z.unknown() }).catch({ PK: null, SK: null }) })
    .catch({ Keys: { PK: null, SK: null } }),
});

export function malformedOf(record: unknown, reason: string): Malformed {
  const { data } = named.safeParse(record);
  const { PK, SK } = data?.dynamodb.Keys ?? {};
  const pk = textOf(PK);
  return {
    reason: cutMessage(reason),
    event_id: data?.eventID,
    image_id: typeof pk === "string" ? imageOfKey(pk) : undefined,
    pk,
    sk: textOf(SK),
  };
}

/** The string in a key's attribute value; other values are returned unchanged. */
function textOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "S" in value ? value.S : value;
}

export function empty<Message extends OutgoingMessage>(): Outbox<Message> {
  return { messages: [], positions: [] };
}

export function add<Message extends OutgoingMessage>(
  box: Outbox<Message>,
  position: number,
  message: Message,
): void {
  box.messages.push(message);
  box.positions.push(position);
}
