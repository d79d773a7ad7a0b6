import { holdsReceiptFacts } from "../../contract/watched-entities.ts";
import type { EventName, FieldChanges } from "../entities/change-message.ts";
import { type EntityKey, parseEntityKey } from "../entities/entity-key.ts";
import { type ItemReading, readFactsItem, readLabelItem } from "../entities/known-items.ts";
import { type PlainItem, plainItem } from "../entities/plain-item.ts";
import { problems } from "../text/problems.ts";
import { optionalTraceparent } from "../tracing/traceparent.ts";
import { changedFields } from "./changed-fields.ts";
import { recordTime, type StreamRecord, streamRecord, streamRecordKeys } from "./stream-record.ts";
import { isAnswered, type Watched } from "./watched.ts";

/** A change that is relevant to the collections. */
export interface Change {
  readonly kind: "change";
  readonly key: EntityKey;
  readonly eventName: EventName;
  /** Changes of the watched fields. */
  readonly changes: FieldChanges;
  /** The record's time as an ISO string. */
  readonly timestamp: string;
  readonly streamRecordId: string;
  readonly awsRegion: string;
  /** The item after the change; before it for a REMOVE. */
  readonly item: PlainItem;
  /** The item's traceparent, if it is well-formed. */
  readonly traceparent: string | undefined;
}

export type ReadRecord =
  | { readonly kind: "skipped" | "of_others" }
  | { readonly kind: "malformed"; readonly reason: string }
  | Change;

const skipped = { kind: "skipped" } as const;

/**
 * Classifies a stream record. Skipped: not a receipt's key, an event that is not forwarded, or no watched field
 * changed. Of others: an item of another application that shares the table. Malformed: an unknown key under a receipt,
 * or a record or item that does not match its key.
 */
export function readChange(record: unknown, watched: Watched): ReadRecord {
  const keyed = streamRecordKeys.safeParse(record);
  if (!keyed.success) return malformed(problems(keyed.error));
  const { PK, SK } = keyed.data.dynamodb.Keys;
  const key = parseEntityKey(PK.S, SK.S);
  if (key === "other") return skipped;
  if (key === "of_others") return { kind: key };
  if ("unknown" in key) return malformed([key.unknown]);

  const parsed = streamRecord.safeParse(record);
  if (!parsed.success) return malformed(problems(parsed.error));
  if (!isAnswered(watched, key.type, parsed.data.eventName)) return skipped;
  return readItems(parsed.data, key, watched);
}

function readItems(record: StreamRecord, key: EntityKey, watched: Watched): ReadRecord {
  const { eventName, dynamodb } = record;
  let before: PlainItem | undefined;
  let after: PlainItem | undefined;
  try {
    before = dynamodb.OldImage && plainItem(dynamodb.OldImage);
    after = dynamodb.NewImage && plainItem(dynamodb.NewImage);
  } catch (error) {
    return malformed([`its item cannot be read: ${String(error)}`]);
  }
  const item = eventName === "REMOVE" ? before : after;
  if (!item || (eventName === "MODIFY" && !before)) {
    return malformed([`a ${eventName} of ${key.type} came without its item`]);
  }
  // A removed item need not be readable, because only its removal matters.
  const found = eventName === "REMOVE" ? [] : itemProblems(key, item);
  if (found.length > 0) return malformed(found);

  const changes = changedFields(before, after, watched.fields[key.type] ?? []);
  if (eventName === "MODIFY" && Object.keys(changes).length === 0) return skipped;
  return {
    kind: "change",
    key,
    eventName,
    changes,
    timestamp: recordTime(record),
    streamRecordId: record.eventID,
    awsRegion: record.awsRegion,
    item,
    traceparent: optionalTraceparent.parse(item.traceparent),
  };
}

function itemProblems(key: EntityKey, item: PlainItem): readonly string[] {
  const read = readItem(key, item);
  return read && "problems" in read ? read.problems : [];
}

function readItem(key: EntityKey, item: PlainItem): ItemReading<unknown> | undefined {
  if (holdsReceiptFacts(key.type)) return readFactsItem(key.type, item);
  return key.type === "RECEIPT_WORD_LABEL" ? readLabelItem(item, key.label) : undefined;
}

function malformed(reasons: readonly string[]): ReadRecord {
  return { kind: "malformed", reason: reasons.join("; ") };
}
