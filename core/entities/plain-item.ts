import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";

/** An item as plain values, all of which JSON can represent; see `plainNumber` and `inJson`. */
export type PlainItem = Readonly<Record<string, unknown>>;

/** Converts an item from DynamoDB's typed JSON. Throws for values that are not typed JSON. */
export function plainItem(item: Record<string, AttributeValue>): PlainItem {
  return inJson(unmarshall(item, { wrapNumbers: plainNumber })) as PlainItem;
}

/** DynamoDB numbers have 38 digits; one that JavaScript would round stays a string. */
function plainNumber(text: string): number | string {
  const number = Number(text);
  return Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number))
    ? number
    : text;
}

/** Sets become lists and bytes become base64, because JSON has neither. */
function inJson(value: unknown): unknown {
  if (value instanceof Set) return [...value].map(inJson);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(inJson);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inJson(inner)]));
}
