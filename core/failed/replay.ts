import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { type Collection, collections } from "../../contract/collections.ts";
import type { QueuePublisher } from "../changes/queue-publisher.ts";
import { sortRecords } from "../changes/sort-records.ts";
import { whole } from "../changes/watched.ts";
import { ofShardKey } from "../documents/shards.ts";
import type { ChangeMessage } from "../entities/change-message.ts";
import { isEntityKey, parseEntityKey } from "../entities/entity-key.ts";
import { keyOfRecord, type RecordKey } from "./subjects.ts";

export interface ReplayDeps {
  /** In shard order. */
  readonly queues: Readonly<Record<Collection, readonly QueuePublisher[]>>;
  /** Reads the current item from the source table, in typed JSON. */
  readonly itemNow: (key: RecordKey) => Promise<Record<string, AttributeValue> | undefined>;
}

/**
 * Replays a stream record. For a malformed record it uses the current item, which may have been corrected. It ignores
 * the stack's watched fields, because a message only says which items to read. Resolves to why the record cannot be
 * replayed; undefined if it was, or if nothing is left to replay.
 */
export async function replay(record: unknown, deps: ReplayDeps): Promise<string | undefined> {
  const asItWas = await tell(record, deps);
  if (asItWas === undefined) return undefined;
  const key = keyOfRecord(record);
  if (key === undefined) return asItWas;
  const item = await deps.itemNow(key);
  if (item === undefined) return isRemoval(record, key) ? asItWas : undefined;
  return tell(asInsert(record, item), deps);
}

/** A removal is replayed in any case. For other records of a missing item, its removal has told the collections. */
function isRemoval(record: unknown, { PK, SK }: RecordKey): boolean {
  const key = parseEntityKey(PK, SK);
  return isEntityKey(key) && (record as { eventName?: unknown }).eventName === "REMOVE";
}

function asInsert(record: unknown, item: Record<string, AttributeValue>): unknown {
  const { dynamodb, ...rest } = record as { dynamodb: Record<string, unknown> };
  const { OldImage: _, ...known } = dynamodb;
  return { ...rest, eventName: "INSERT", dynamodb: { ...known, NewImage: item } };
}

/** Resolves to why the record is malformed, if it is. */
async function tell(record: unknown, { queues }: ReplayDeps): Promise<string | undefined> {
  const { boxes, malformed } = sortRecords([record], whole);
  if (malformed.length > 0) return malformed.map(({ reason }) => reason).join("; ");
  for (const collection of collections) {
    for (const message of boxes[collection].messages as readonly ChangeMessage[]) {
      await ofShardKey(queues[collection], message.shardKey).send([message]);
    }
  }
  return undefined;
}
