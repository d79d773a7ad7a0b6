import { decimalText, parseDecimal } from "./decimal.ts";
import { validationError } from "./validation.ts";

export type AttributeType = "S" | "N" | "B" | "BOOL" | "NULL" | "SS" | "NS" | "BS" | "L" | "M";

/** A value on the wire: `{ S: "text" }`. Values are never changed once they are read, so items may share them. */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] }
  | { readonly L: readonly AttributeValue[] }
  | { readonly M: Item };

export type Item = { readonly [name: string]: AttributeValue };

export const attributeTypes: readonly AttributeType[] = [
  "S",
  "N",
  "B",
  "BOOL",
  "NULL",
  "SS",
  "NS",
  "BS",
  "L",
  "M",
];

const maxDepth = 32;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function typeOf(value: AttributeValue): AttributeType {
  return Object.keys(value)[0] as AttributeType;
}

/** Returns the content of a value of any type. */
export function contentOf(value: AttributeValue): unknown {
  return Object.values(value)[0];
}

/** An attribute that the map has itself: `__proto__` is a name like any other. */
export function attributeOf(item: Item, name: string): AttributeValue | undefined {
  return Object.hasOwn(item, name) ? item[name] : undefined;
}

/** A value in DynamoDB's own form: numbers normal, and no other field. Throws AwsError. */
export function readValue(raw: unknown, depth = 0): AttributeValue {
  if (depth > maxDepth) {
    throw validationError(
      "Nesting Levels have exceeded supported limits: Attributes have more than 32 levels",
    );
  }
  const [type, content] = onlyField(raw);
  switch (type) {
    case "S":
      return { S: text(content) };
    case "N":
      return { N: number(content) };
    case "B":
      return { B: bytes(content) };
    case "BOOL":
      if (typeof content === "boolean") return { BOOL: content };
      throw notOf("Boolean");
    case "NULL":
      if (content === true) return { NULL: true };
      throw validationError(
        "One or more parameter values were invalid: Null attribute value types must have the value of true",
      );
    case "SS":
      return { SS: members(content, "string", text) };
    case "NS":
      return { NS: members(content, "number", number) };
    case "BS":
      return { BS: members(content, "binary", bytes) };
    case "L":
      return { L: list(content).map((part) => readValue(part, depth + 1)) };
    case "M":
      return { M: readItem(content, depth + 1) };
    default:
      throw unsupportedType();
  }
}

export function readItem(raw: unknown, depth = 0): Item {
  if (raw === null || typeof raw !== "object" || Array.isArray(raw)) throw notOf("Map");
  return Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, readValue(value, depth)]));
}

function onlyField(raw: unknown): readonly [string, unknown] {
  if (raw === null || typeof raw !== "object" || Array.isArray(raw)) throw notOf("Structure");
  const fields = Object.entries(raw).filter(([, content]) => content !== undefined && content !== null);
  const [field] = fields;
  if (field === undefined) throw unsupportedType();
  if (fields.length > 1) {
    throw validationError(
      "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
    );
  }
  return field;
}

function text(content: unknown): string {
  if (typeof content === "string") return content;
  throw notOf("String");
}

function number(content: unknown): string {
  return decimalText(parseDecimal(text(content)));
}

function bytes(content: unknown): string {
  const encoded = text(content);
  if (!base64.test(encoded)) throw notOf("Blob");
  // Normalises base64, so that equal bytes have equal texts.
  return Buffer.from(encoded, "base64").toString("base64");
}

function list(content: unknown): readonly unknown[] {
  if (Array.isArray(content)) return content;
  throw notOf("List");
}

function members(content: unknown, name: string, read: (member: unknown) => string): string[] {
  const found = list(content).map(read);
  if (found.length === 0) {
    const article = name === "number" || name === "binary" ? "" : "An ";
    throw validationError(
      `One or more parameter values were invalid: ${article}${name} set  may not be empty`,
    );
  }
  if (new Set(found).size < found.length) {
    throw validationError(
      `One or more parameter values were invalid: Input collection [${found.join(", ")}] contains duplicates.`,
    );
  }
  return found;
}

function unsupportedType() {
  return validationError(
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
  );
}

function notOf(type: string) {
  return validationError(`The value cannot be converted to ${type}.`);
}
