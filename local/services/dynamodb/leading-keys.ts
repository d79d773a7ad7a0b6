import type { Input } from "./fields.ts";

/** The partition key of every table of the stack. Calls of other tables carry no leading keys. */
const partitionKey = "PK";

type AttributeValue = Readonly<Record<string, unknown>>;

/**
 * Returns the `dynamodb:LeadingKeys` of a call: the partition keys of the items that it reads or writes. Undefined if
 * they are unknown, empty if the call has none (a scan). Keys of an index do not count, because they are not those of
 * the table.
 */
export function leadingKeysOf(action: string, input: Input, table: string): readonly string[] | undefined {
  if (input.IndexName !== undefined) return undefined;
  const keys = keysOf(action, input, table).map((value) => value?.S);
  return keys.every((key) => typeof key === "string") ? (keys as string[]) : undefined;
}

function keysOf(action: string, input: Input, table: string): (AttributeValue | undefined)[] {
  const inRequest = (input.RequestItems as Record<string, unknown> | undefined)?.[table];
  switch (action) {
    case "GetItem":
    case "ConditionCheckItem":
    case "UpdateItem":
    case "DeleteItem":
      return [partitionOf(input.Key)];
    case "PutItem":
      return [partitionOf(input.Item)];
    case "BatchGetItem":
      return ((inRequest as { Keys?: unknown[] }).Keys ?? []).map(partitionOf);
    case "BatchWriteItem":
      return (inRequest as { PutRequest?: { Item: unknown }; DeleteRequest?: { Key: unknown } }[]).map(
        ({ PutRequest, DeleteRequest }) => partitionOf(PutRequest?.Item ?? DeleteRequest?.Key),
      );
    case "Query":
      return [queriedPartition(input)];
    default:
      return [];
  }
}

function partitionOf(item: unknown): AttributeValue | undefined {
  return (item as Record<string, AttributeValue> | undefined)?.[partitionKey];
}

/** Returns the value of `PK = :value` in a key condition, with the name or a placeholder. */
function queriedPartition(input: Input): AttributeValue | undefined {
  const names = (input.ExpressionAttributeNames ?? {}) as Record<string, string>;
  const values = (input.ExpressionAttributeValues ?? {}) as Record<string, AttributeValue>;
  const equalities = String(input.KeyConditionExpression ?? "").matchAll(/(#?\w+)\s*=\s*(:\w+)/g);
  for (const [, name = "", value = ""] of equalities) {
    if ((names[name] ?? name) === partitionKey) return values[value];
  }
  return undefined;
}
