import { type Input, list, type Output, requireKnown } from "../fields.ts";
import { keyText } from "../store/keys.ts";
import type { Table } from "../store/table.ts";
import type { Item } from "../values/attribute-value.ts";
import { itemBytes } from "../values/size.ts";
import { validationError } from "../values/validation.ts";
import { capacityOf, readUnits, writeUnits } from "./capacity.ts";
import { type FindTable, readOne } from "./item-actions.ts";
import { type PlannedWrite, planDelete, planPut } from "./writes.ts";

const maxGets = 100;
const maxWrites = 25;
const maxAnswerBytes = 16 * 1024 * 1024;

export function batchGetItem(find: FindTable, input: Input): Output {
  requireKnown("BatchGetItem", input, ["RequestItems", "ReturnConsumedCapacity"]);
  const wanted = requestItems(input).map(([name, raw]) => {
    const asked = raw as Input;
    requireKnown("BatchGetItem", asked, [
      "Keys",
      "ConsistentRead",
      "ProjectionExpression",
      "ExpressionAttributeNames",
    ]);
    const table = find(name);
    const keys = list(asked.Keys, "Keys");
    requireDistinct(table, keys as unknown as Item[]);
    return { name, table, asked, keys };
  });
  requireCount(
    wanted.reduce((sum, { keys }) => sum + keys.length, 0),
    maxGets,
    "BatchGetItem call",
  );
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, object> = {};
  const capacity: object[] = [];
  let answerBytes = 0;
  for (const { name, table, asked, keys } of wanted) {
    const items: Item[] = [];
    let units = 0;
    keys.forEach((key, index) => {
      if (answerBytes > maxAnswerBytes) {
        unprocessed[name] ??= { ...asked, Keys: keys.slice(index) };
        return;
      }
      const { found, bytes } = readOne(table, key, asked);
      answerBytes += bytes;
      units += readUnits(bytes, asked.ConsistentRead === true);
      if (found !== undefined) items.push(found);
    });
    responses[name] = items;
    capacity.push(capacityOf(table.name, units, input.ReturnConsumedCapacity));
  }
  return {
    Responses: responses,
    UnprocessedKeys: unprocessed,
    ...(asksForCapacity(input) ? { ConsumedCapacity: capacity } : {}),
  };
}

/** Everything is checked before anything is written. */
export function batchWriteItem(find: FindTable, input: Input): Output {
  requireKnown("BatchWriteItem", input, [
    "RequestItems",
    "ReturnConsumedCapacity",
    "ReturnItemCollectionMetrics",
  ]);
  const byTable = requestItems(input).map(([name, raw]) => {
    const table = find(name);
    const writes = list(raw, "RequestItems").map((request) => planned(table, request));
    requireDistinct(
      table,
      writes.map(({ key }) => key),
    );
    return { table, writes };
  });
  const all = byTable.flatMap(({ writes }) => writes);
  requireCount(all.length, maxWrites, "BatchWriteItem call");
  for (const { table, before, after } of all) table.write(before, after);
  const capacity = byTable.map(({ table, writes }) =>
    capacityOf(
      table.name,
      writes.reduce((sum, { after, before }) => sum + writeUnits(itemBytes(after ?? before ?? {})), 0),
      input.ReturnConsumedCapacity,
    ),
  );
  return { UnprocessedItems: {}, ...(asksForCapacity(input) ? { ConsumedCapacity: capacity } : {}) };
}

function planned(table: Table, request: Input): PlannedWrite {
  const { PutRequest: put, DeleteRequest: remove } = request as { PutRequest?: Input; DeleteRequest?: Input };
  if (put !== undefined && remove === undefined) {
    requireKnown("PutRequest", put, ["Item"]);
    return planPut(table, put);
  }
  if (remove !== undefined && put === undefined) {
    requireKnown("DeleteRequest", remove, ["Key"]);
    return planDelete(table, remove);
  }
  throw validationError(
    "Supplied AttributeValue has more than one datatypes set, must contain exactly one of PutRequest and DeleteRequest",
  );
}

function requestItems(input: Input): [string, unknown][] {
  const entries = Object.entries((input.RequestItems ?? {}) as object);
  if (entries.length > 0) return entries;
  throw validationError(
    "1 validation error detected: Value '{}' at 'requestItems' failed to satisfy constraint: Member must have length greater than or equal to 1",
  );
}

function requireCount(count: number, max: number, call: string): void {
  if (count > max) throw validationError(`Too many items requested for the ${call}`);
  if (count < 1) throw validationError(`1 validation error detected: the ${call} has no items`);
}

function requireDistinct(table: Table, keys: readonly Item[]): void {
  if (new Set(keys.map((key) => keyText(key, table.keys))).size === keys.length) return;
  throw validationError("Provided list of item keys contains duplicates");
}

function asksForCapacity({ ReturnConsumedCapacity: asked }: Input): boolean {
  return asked === "TOTAL" || asked === "INDEXES";
}
