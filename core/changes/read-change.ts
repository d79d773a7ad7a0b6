import { z } from "zod";
import { problems } from "../receipts/problems.ts";
import { type EntityKey, type EntityType, parseEntityKey } from "./entity-key.ts";
import { type EventName, plainItem, recordTime, type StreamRecord, streamRecord } from "./stream-record.ts";

/** A record that the collections have to hear of. */
export interface Change {
  readonly kind: "change";
  readonly key: EntityKey;
  readonly eventName: EventName;
  /** ISO, the record's own time. */
  readonly timestamp: string;
  readonly streamRecordId: string;
  readonly awsRegion: string;
  /** The item after the change; before it for a REMOVE. */
  readonly item: Readonly<Record<string, unknown>>;
}

export type ReadRecord =
  | { readonly kind: "unrelated" }
  | { readonly kind: "malformed"; readonly reason: string }
  | Change;

const unrelated = { kind: "unrelated" } as const;

/** Events that are passed on, by entity: the table of the design's change messages. */
const answers: Readonly<Partial<Record<EntityType, readonly EventName[]>>> = {
  COMPACTION_RUN: ["INSERT"],
};

const keysOnly = z.object({
  dynamodb: z.object({
    Keys: z.object({ PK: z.object({ S: z.string() }), SK: z.object({ S: z.string() }) }),
  }),
});

/**
 * What a stream record is to the collections.
 * Unrelated: not a receipt's key, or an event that is not passed on.
 * Malformed: a receipt's key that matches no known one, or a record or item that is not what its key says.
 */
export function readChange(record: unknown): ReadRecord {
  const keyed = keysOnly.safeParse(record);
  if (!keyed.success) return malformed(problems(keyed.error));
  const { PK, SK } = keyed.data.dynamodb.Keys;
  const key = parseEntityKey(PK.S, SK.S);
  if (key === "other") return unrelated;
  if ("unknown" in key) return malformed([key.unknown]);

  const parsed = streamRecord.safeParse(record);
  if (!parsed.success) return malformed(problems(parsed.error));
  if (!answers[key.type]?.includes(parsed.data.eventName)) return unrelated;
  return readItem(parsed.data, key);
}

function readItem(record: StreamRecord, key: EntityKey): ReadRecord {
  const { eventName, dynamodb } = record;
  const image = eventName === "REMOVE" ? dynamodb.OldImage : dynamodb.NewImage;
  if (!image) return malformed([`a ${eventName} of ${key.type} came without its item`]);
  let item: Record<string, unknown>;
  try {
    item = plainItem(image);
  } catch (error) {
    return malformed([`its item cannot be read: ${String(error)}`]);
  }
  return {
    kind: "change",
    key,
    eventName,
    timestamp: recordTime(record),
    streamRecordId: record.eventID,
    awsRegion: record.awsRegion,
    item,
  };
}

function malformed(reasons: readonly string[]): ReadRecord {
  return { kind: "malformed", reason: reasons.join("; ") };
}
