import { Placeholders } from "../expressions/placeholders.ts";
import { project, projectionOf, readProjection } from "../expressions/projection.ts";
import { type Input, type Output, oneOf, requireKnown } from "../fields.ts";
import { requireKey } from "../store/keys.ts";
import type { Table } from "../store/table.ts";
import { type Item, readItem } from "../values/attribute-value.ts";
import { itemBytes } from "../values/size.ts";
import { validationError } from "../values/validation.ts";
import { consumedCapacity, readUnits, writeUnits } from "./capacity.ts";
import { conditionFields, type PlannedWrite, planDelete, planPut, planUpdate } from "./writes.ts";

/** Finds a table by its name or ARN. Throws ResourceNotFoundException. */
export type FindTable = (name: unknown) => Table;

const writeFields = [
  ...conditionFields,
  "ReturnConsumedCapacity",
  "ReturnItemCollectionMetrics",
  "ReturnValues",
];

export function getItem(find: FindTable, input: Input): Output {
  requireKnown("GetItem", input, [
    "TableName",
    "Key",
    "ConsistentRead",
    "ProjectionExpression",
    "ExpressionAttributeNames",
    "ReturnConsumedCapacity",
  ]);
  const table = find(input.TableName);
  const item = readOne(table, input.Key, input);
  const units = readUnits(item.bytes, input.ConsistentRead === true);
  return {
    ...(item.found === undefined ? {} : { Item: item.found }),
    ...consumedCapacity(input, table.name, units),
  };
}

/** Returns the projected attributes of one item. */
export function readOne(
  table: Table,
  rawKey: unknown,
  { ProjectionExpression, ExpressionAttributeNames }: Input,
): { readonly found: Item | undefined; readonly bytes: number } {
  const key = readItem(rawKey);
  requireKey(key, table.keys);
  const placeholders = new Placeholders(ExpressionAttributeNames, undefined);
  const projection =
    ProjectionExpression === undefined ? undefined : readProjection(ProjectionExpression, placeholders);
  placeholders.requireAllUsed();
  const item = table.items.get(key);
  const bytes = item === undefined ? 0 : itemBytes(item);
  return { found: item && projection ? project(item, projection) : item, bytes };
}

export function putItem(find: FindTable, input: Input): Output {
  requireKnown("PutItem", input, [...writeFields, "Item"]);
  requireOldOnly(input);
  return written(planPut(find(input.TableName), input), input);
}

export function deleteItem(find: FindTable, input: Input): Output {
  requireKnown("DeleteItem", input, [...writeFields, "Key"]);
  requireOldOnly(input);
  return written(planDelete(find(input.TableName), input), input);
}

export function updateItem(find: FindTable, input: Input): Output {
  requireKnown("UpdateItem", input, [...writeFields, "Key", "UpdateExpression"]);
  oneOf(input, "ReturnValues", ["NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"]);
  return written(planUpdate(find(input.TableName), input), input);
}

function written(write: PlannedWrite, input: Input): Output {
  const { table, before, after } = write;
  table.write(before, after);
  const bytes = Math.max(...[before, after].map((item) => (item === undefined ? 0 : itemBytes(item))));
  const attributes = returned(write, input.ReturnValues);
  return {
    ...(attributes === undefined ? {} : { Attributes: attributes }),
    ...consumedCapacity(input, table.name, writeUnits(bytes)),
  };
}

function returned({ before, after, update }: PlannedWrite, asked: unknown): Item | undefined {
  const paths = projectionOf(update?.paths ?? []);
  switch (asked) {
    case "ALL_OLD":
      return before;
    case "ALL_NEW":
      return after;
    case "UPDATED_OLD":
      return before && project(before, paths);
    case "UPDATED_NEW":
      return after && project(after, paths);
    default:
      return undefined;
  }
}

function requireOldOnly({ ReturnValues: asked }: Input): void {
  if (asked === undefined || asked === "NONE" || asked === "ALL_OLD") return;
  throw validationError("ReturnValues can only be ALL_OLD or NONE");
}
