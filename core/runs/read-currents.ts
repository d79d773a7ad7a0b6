import { BatchGetCommand, type DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { DocumentRef } from "../documents/documents.ts";
import { batchesByCount } from "../resilience/batch.ts";
import type { Clock } from "../resilience/clock.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import { sendAll } from "../resilience/unprocessed.ts";
import { currentKey, type ItemKey, readCurrent } from "./run-item.ts";
import type { CurrentOf } from "./run-store.ts";

/** DynamoDB's limit per call. It also limits responses to 16 MB, which is enough because an item is below 8 KB. */
const keysPerCall = 100;
const callsAtOnce = 4;

interface ControlTable {
  readonly client: DynamoDBDocumentClient;
  readonly controlTable: string;
  readonly clock: Clock;
}

/**
 * Reads the items in one call per hundred documents. A failed call fails only those of its documents that were not
 * answered, so a key that stays throttled does not affect others.
 */
export async function readCurrents(
  table: ControlTable,
  documents: readonly DocumentRef[],
): Promise<CurrentOf> {
  const items = new Map<string, Record<string, unknown>>();
  const failures = new Map<string, unknown>();
  const keys = [...new Map(documents.map((one) => [nameOf(currentKey(one)), currentKey(one)])).values()];
  await inParallel(batchesByCount(keys, keysPerCall), callsAtOnce, async (batch) => {
    try {
      await readBatch(table, batch, (item) => items.set(nameOf(item), item));
    } catch (error) {
      for (const key of batch) failures.set(nameOf(key), error);
    }
  });
  return (document) => {
    const name = nameOf(currentKey(document));
    const item = items.get(name);
    if (item !== undefined) return readCurrent(item);
    if (failures.has(name)) throw failures.get(name);
    return undefined;
  };
}

function readBatch(
  { client, controlTable, clock }: ControlTable,
  keys: readonly ItemKey[],
  take: (item: ItemKey & Record<string, unknown>) => void,
): Promise<void> {
  const send = async (asked: readonly ItemKey[]) => {
    const Keys = asked.map((key) => ({ ...key }));
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetCommand({ RequestItems: { [controlTable]: { Keys, ConsistentRead: true } } }),
    );
    for (const item of Responses?.[controlTable] ?? []) take(item as ItemKey & Record<string, unknown>);
    return (UnprocessedKeys?.[controlTable]?.Keys ?? []) as ItemKey[];
  };
  return sendAll(keys, { perCall: keysPerCall, send, clock });
}

function nameOf({ PK, SK }: ItemKey): string {
  return `${PK}\n${SK}`;
}
