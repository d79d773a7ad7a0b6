import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { QueuePublisher } from "../changes/queue-publisher.ts";
import { sortRecords } from "../changes/sort-records.ts";
import { whole } from "../changes/watched.ts";
import type { ChangeMessage } from "../entities/change-message.ts";
import { isEntityKey, parseEntityKey } from "../entities/entity-key.ts";
import { type Collection, collections } from "../receipts/receipt.ts";
import { ofImage } from "../receipts/shards.ts";
import { keyOfRecord, type RecordKey } from "./subjects.ts";

export interface ReplayDeps {
  /** In shard order. */
  readonly queues: Readonly<Record<Collection, readonly QueuePublisher[]>>;
  /** An item of the receipts table as it is now, in typed JSON. */
  readonly itemNow: (key: RecordKey) => Promise<Record<string, AttributeValue> | undefined>;
}

/**
 * Tells the collections of a stream record again. Of one that is malformed they are told what its item is now: it may
 * have been mended. A stack that watches less is told more than it asked for, which is harmless: a message only says
 * what to look at.
 * Resolves to why the record cannot be told; undefined where it was, or where there is nothing left to tell.
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

/** A removal has to be told whatever is there now; all else of an item that is gone was told by its removal. */
function isRemoval(record: unknown, { PK, SK }: RecordKey): boolean {
  const key = parseEntityKey(PK, SK);
  return isEntityKey(key) && (record as { eventName?: unknown }).eventName === "REMOVE";
}

function asInsert(record: unknown, item: Record<string, AttributeValue>): unknown {
  const { dynamodb, ...rest } = record as { dynamodb: Record<string, unknown> };
  const { OldImage: _, ...known } = dynamodb;
  return { ...rest, eventName: "INSERT", dynamodb: { ...known, NewImage: item } };
}

/** Why it is malformed, if it is. */
async function tell(record: unknown, { queues }: ReplayDeps): Promise<string | undefined> {
  const { boxes, malformed } = sortRecords([record], whole);
  if (malformed.length > 0) return malformed.map(({ reason }) => reason).join("; ");
  for (const collection of collections) {
    for (const message of boxes[collection].messages as readonly ChangeMessage[]) {
      await ofImage(queues[collection], message.imageId).send([message]);
    }
  }
  return undefined;
}
