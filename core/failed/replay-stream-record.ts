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
  /** The queues of each collection, in shard order. */
  readonly queues: Readonly<Record<Collection, readonly QueuePublisher[]>>;
  /** Reads the current item from the source table, in typed JSON. */
  readonly itemNow: (key: RecordKey) => Promise<Record<string, AttributeValue> | undefined>;
}

/**
 * Replays a stream record. If the record is malformed, uses the current item, which may have been corrected. Ignores
 * the stack's watched fields, because a message only says which items to read. Resolves to the reason why the record
 * cannot be replayed; undefined if it was, or if nothing is left to replay.
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

/**
 * A removal is replayed even if its item is missing. Other records of a missing item need no replay, because the item's
 * removal has its own record.
 */
function isRemoval(record: unknown, { PK, SK }: RecordKey): boolean {
  const key = parseEntityKey(PK, SK);
  return isEntityKey(key) && (record as { eventName?: unknown }).eventName === "REMOVE";
}

function asInsert(record: unknown, item: Record<string, AttributeValue>): unknown {
  const { dynamodb, ...rest } = record as { dynamodb: Record<string, unknown> };
  const { OldImage: _, ...known } = dynamodb;
  return { ...rest, eventName: "INSERT", dynamodb: { ...known, NewImage: item } };
}

/** Sends the record's messages. Resolves to the reason if the record is malformed. */
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
