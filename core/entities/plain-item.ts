import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";

/** An item of a table as plain values. Every one of them can stand in JSON, see `plainNumber` and `inJson`. */
export type PlainItem = Readonly<Record<string, unknown>>;

/** An item in DynamoDB's typed JSON as plain values. Throws for values that are not typed JSON. */
export function plainItem(item: Record<string, AttributeValue>): PlainItem {
  return inJson(unmarshall(item, { wrapNumbers: plainNumber })) as PlainItem;
}

/** DynamoDB keeps 38 digits: a number that JavaScript would round stays the text that it was. */
function plainNumber(text: string): number | string {
  const number = Number(text);
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number))
    ? number
    : text;
}

/** Sets as lists and bytes as base64, as JSON has neither. */
function inJson(value: unknown): unknown {
  if (value instanceof Set) return [...value].map(inJson);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(inJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inJson(inner)]));
}
