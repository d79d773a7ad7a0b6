import { type AttributeValue, type Item, typeOf } from "./attribute-value.ts";

/** The bytes that DynamoDB counts for an item: names and values. */
export function itemBytes(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += Buffer.byteLength(name) + valueBytes(value);
  return bytes;
}

function valueBytes(value: AttributeValue): number {
  if ("S" in value) return Buffer.byteLength(value.S);
  if ("N" in value) return numberBytes(value.N);
  if ("B" in value) return binaryBytes(value.B);
  if ("SS" in value) return sum(value.SS, (member) => Buffer.byteLength(member));
  if ("NS" in value) return sum(value.NS, numberBytes);
  if ("BS" in value) return sum(value.BS, binaryBytes);
  if ("L" in value) return 3 + sum(value.L, (part) => 1 + valueBytes(part));
  if ("M" in value) return 3 + Object.keys(value.M).length + itemBytes(value.M);
  return 1;
}

/** Returns the result of the function size(); undefined for a type without a size. */
export function sizeOf(value: AttributeValue): number | undefined {
  if ("S" in value) return value.S.length;
  if ("B" in value) return binaryBytes(value.B);
  if ("M" in value) return Object.keys(value.M).length;
  const type = typeOf(value);
  return type === "SS" || type === "NS" || type === "BS" || type === "L"
    ? (Object.values(value)[0] as readonly unknown[]).length
    : undefined;
}

/** About half a byte per significant digit. */
function numberBytes(text: string): number {
  const digits = text.replace(/^-?0*\.?0*|\./g, "").replace(/0+$/, "").length;
  return Math.ceil(digits / 2) + (text.startsWith("-") ? 2 : 1);
}

function binaryBytes(base64: string): number {
  return Buffer.byteLength(base64, "base64");
}

function sum<Part>(parts: readonly Part[], bytesOf: (part: Part) => number): number {
  return parts.reduce((total, part) => total + bytesOf(part), 0);
}
