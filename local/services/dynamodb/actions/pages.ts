import type { Condition } from "../expressions/condition.ts";
import { meets } from "../expressions/judge.ts";
import { Placeholders } from "../expressions/placeholders.ts";
import { type Projection, project, readProjection } from "../expressions/projection.ts";
import { readCondition } from "../expressions/read-condition.ts";
import { type Input, integer, type Output, oneOf } from "../fields.ts";
import { type Keys, partsOf, requireKey } from "../store/keys.ts";
import type { IndexDefinition, Table } from "../store/table.ts";
import { type AttributeValue, type Item, readItem } from "../values/attribute-value.ts";
import { itemBytes } from "../values/size.ts";
import { validationError } from "../values/validation.ts";
import { consumedCapacity, readUnits } from "./capacity.ts";

/** The common parameters of a page for Query and Scan. */
export interface PageRequest {
  readonly table: Table;
  readonly index: IndexDefinition | undefined;
  readonly placeholders: Placeholders;
  readonly filter: Condition | undefined;
  readonly projection: Projection | undefined;
  readonly select: "ALL_ATTRIBUTES" | "ALL_PROJECTED_ATTRIBUTES" | "SPECIFIC_ATTRIBUTES" | "COUNT";
  readonly limit: number;
  readonly startKey: Item | undefined;
}

export const pageFields = [
  "TableName",
  "IndexName",
  "ConsistentRead",
  "ExclusiveStartKey",
  "ExpressionAttributeNames",
  "ExpressionAttributeValues",
  "FilterExpression",
  "Limit",
  "ProjectionExpression",
  "ReturnConsumedCapacity",
  "Select",
];

const maxPageBytes = 1024 * 1024;

/** Throws AwsError. The caller reads its own parameters first and then has the placeholders checked. */
export function readPageRequest(table: Table, input: Input): PageRequest {
  const index = input.IndexName === undefined ? undefined : table.index(String(input.IndexName));
  if (index?.global && input.ConsistentRead === true) {
    throw validationError("Consistent reads are not supported on global secondary indexes");
  }
  const placeholders = new Placeholders(input.ExpressionAttributeNames, input.ExpressionAttributeValues);
  const projection =
    input.ProjectionExpression === undefined
      ? undefined
      : readProjection(input.ProjectionExpression, placeholders);
  return {
    table,
    index,
    placeholders,
    filter:
      input.FilterExpression === undefined
        ? undefined
        : readCondition("FilterExpression", input.FilterExpression, placeholders),
    projection,
    select: readSelect(input, index, projection),
    limit: integer(input, "Limit", 1) ?? Number.POSITIVE_INFINITY,
    startKey: readStartKey(input.ExclusiveStartKey, table, index),
  };
}

/** Returns as many items as fit on a page; the limit counts examined items, not returned ones. */
export function page(request: PageRequest, items: Iterable<Item>, input: Input): Output {
  const { table, index, filter, limit } = request;
  const found: Item[] = [];
  let scanned = 0;
  let bytes = 0;
  let last: Item | undefined;
  for (const item of items) {
    if (scanned >= limit || bytes >= maxPageBytes) break;
    scanned += 1;
    bytes += itemBytes(item);
    last = item;
    if (filter === undefined || meets(item, filter)) found.push(item);
  }
  const more = last !== undefined && (scanned >= limit || bytes >= maxPageBytes);
  const units = readUnits(bytes, input.ConsistentRead === true);
  return {
    ...(request.select === "COUNT" ? {} : { Items: found.map((item) => shown(item, request)) }),
    Count: found.length,
    ScannedCount: scanned,
    ...(more && last !== undefined ? { LastEvaluatedKey: positionOf(last, table, index) } : {}),
    ...consumedCapacity(input, table.name, units),
  };
}

function shown(item: Item, { table, index, projection, select }: PageRequest): Item {
  const whole =
    select === "ALL_ATTRIBUTES" && index?.projection.type !== "ALL" ? (table.items.get(item) ?? item) : item;
  return projection === undefined ? whole : project(whole, projection);
}

function readSelect(
  input: Input,
  index: IndexDefinition | undefined,
  projection: Projection | undefined,
): PageRequest["select"] {
  const usual = projection ? "SPECIFIC_ATTRIBUTES" : index ? "ALL_PROJECTED_ATTRIBUTES" : "ALL_ATTRIBUTES";
  if (input.Select === undefined) return usual;
  const select = oneOf(input, "Select", [
    "ALL_ATTRIBUTES",
    "ALL_PROJECTED_ATTRIBUTES",
    "SPECIFIC_ATTRIBUTES",
    "COUNT",
  ]);
  if (projection !== undefined && select !== "SPECIFIC_ATTRIBUTES") {
    throw validationError(`Cannot specify the ProjectionExpression when choosing to get ${select}`);
  }
  if (select === "SPECIFIC_ATTRIBUTES" && projection === undefined) {
    throw validationError(
      "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES",
    );
  }
  if (select === "ALL_PROJECTED_ATTRIBUTES" && index === undefined) {
    throw validationError("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  }
  if (select === "ALL_ATTRIBUTES" && index?.global && index.projection.type !== "ALL") {
    throw validationError(
      `One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.name} because its projection type is not ALL`,
    );
  }
  return select;
}

/** The keys that give an item's position in the table or index. */
function positionKeys(table: Table, index: IndexDefinition | undefined): Keys[] {
  return index === undefined ? [table.keys] : [index.keys, table.keys];
}

function positionOf(item: Item, table: Table, index: IndexDefinition | undefined): Item {
  const names = positionKeys(table, index).flatMap((keys) => partsOf(keys).map(({ name }) => name));
  return Object.fromEntries([...new Set(names)].map((name) => [name, item[name] as AttributeValue]));
}

function readStartKey(raw: unknown, table: Table, index: IndexDefinition | undefined): Item | undefined {
  if (raw === undefined || raw === null) return undefined;
  const key = readItem(raw);
  const names = new Set<string>();
  for (const keys of positionKeys(table, index)) {
    const part: [string, AttributeValue][] = partsOf(keys).flatMap(({ name }) => {
      names.add(name);
      const value = Object.hasOwn(key, name) ? key[name] : undefined;
      return value === undefined ? [] : [[name, value]];
    });
    try {
      requireKey(Object.fromEntries(part), keys);
    } catch {
      throw validationError("The provided starting key is invalid");
    }
  }
  if (names.size !== Object.keys(key).length) {
    throw validationError("The provided starting key is invalid");
  }
  return key;
}
