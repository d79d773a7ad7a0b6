import { type AttributeValue, attributeOf, contentOf, type Item, typeOf } from "../values/attribute-value.ts";
import { validationError } from "../values/validation.ts";

export type KeyType = "S" | "N" | "B";

export interface KeyPart {
  readonly name: string;
  readonly type: KeyType;
}

/** The key of a table or of an index. */
export interface Keys {
  readonly hash: KeyPart;
  readonly range: KeyPart | undefined;
}

const maxHashBytes = 2048;
const maxRangeBytes = 1024;

export function partsOf({ hash, range }: Keys): readonly KeyPart[] {
  return range === undefined ? [hash] : [hash, range];
}

/** The attributes of an item that are its key. */
export function keyOf(item: Item, keys: Keys): Item {
  return Object.fromEntries(partsOf(keys).map(({ name }) => [name, item[name] as AttributeValue]));
}

/** Equal for equal keys. */
export function keyText(item: Item, keys: Keys): string {
  return JSON.stringify(partsOf(keys).map(({ name }) => attributeOf(item, name)));
}

/** Throws ValidationException unless the item consists of exactly the key attributes. */
export function requireKey(key: Item, keys: Keys): void {
  const parts = partsOf(keys);
  const fits = Object.keys(key).length === parts.length && parts.every((part) => hasPart(key, part));
  if (!fits) throw validationError("The provided key element does not match the schema");
  requireSizes(key, keys);
}

/** Throws ValidationException unless the item has the table's key. */
export function requireKeyIn(item: Item, keys: Keys): void {
  for (const { name, type } of partsOf(keys)) {
    const value = attributeOf(item, name);
    if (value === undefined) {
      throw validationError(`One or more parameter values were invalid: Missing the key ${name} in the item`);
    }
    if (typeOf(value) !== type) {
      throw validationError(
        `One or more parameter values were invalid: Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`,
      );
    }
  }
  requireSizes(item, keys);
}

/** An item without an index's key is not in the index; one with a key of another type is refused. */
export function requireIndexKey(item: Item, keys: Keys, indexName: string): void {
  for (const { name, type } of partsOf(keys)) {
    const value = attributeOf(item, name);
    if (value === undefined) continue;
    if (typeOf(value) !== type) {
      throw validationError(
        `One or more parameter values were invalid: Type mismatch for Index Key ${name} Expected: ${type} Actual: ${typeOf(value)} IndexName: ${indexName}`,
      );
    }
    if (contentOf(value) !== "") continue;
    throw validationError(
      `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty string value. IndexName: ${indexName}, IndexKey: ${name}`,
    );
  }
}

export function hasKey(item: Item, keys: Keys): boolean {
  return partsOf(keys).every((part) => hasPart(item, part));
}

function hasPart(item: Item, { name, type }: KeyPart): boolean {
  const value = attributeOf(item, name);
  return value !== undefined && typeOf(value) === type;
}

function requireSizes(item: Item, { hash, range }: Keys): void {
  for (const part of range === undefined ? [hash] : [hash, range]) {
    if (part.type === "N") continue;
    const content = String(contentOf(item[part.name] as AttributeValue));
    if (content === "") {
      throw validationError(
        `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${part.type === "S" ? "string" : "binary"} value. Key: ${part.name}`,
      );
    }
    const bytes = Buffer.byteLength(content, part.type === "S" ? "utf8" : "base64");
    if (part === hash && bytes > maxHashBytes) {
      throw validationError(
        `One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of${maxHashBytes} bytes`,
      );
    }
    if (part !== hash && bytes > maxRangeBytes) {
      throw validationError(
        `One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of ${maxRangeBytes} bytes`,
      );
    }
  }
}
