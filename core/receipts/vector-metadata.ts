import { type ReceiptFactField, receiptFactFields } from "../../contract/watched-entities.ts";

/** The type of each metadata key, in every collection and for every writer. */
type MetadataType = "str" | "int" | "float" | "bool";

/** The origin of a vector, written by embedding with the vector. */
export const positionKeys = {
  image_id: "str",
  receipt_id: "int",
  line_id: "int",
  word_id: "int",
  row: "int",
  column: "int",
  text: "str",
  x: "float",
  y: "float",
  width: "float",
  height: "float",
  confidence: "float",
} as const satisfies Record<string, MetadataType>;

/** What OCR extracted, normalised, written by embedding with the vectors of those words and of their lines. */
export const extractedKeys = {
  normalized_phone_10: "str",
  normalized_full_address: "str",
  normalized_url: "str",
} as const satisfies Record<string, MetadataType>;

/** Facts about the receipt, written by change sync; absent if unknown. */
export const receiptFactKeys = Object.fromEntries(
  receiptFactFields.map((field) => [field, "str"]),
) as Readonly<Record<ReceiptFactField, "str">>;

/** The status of a word's labels, written by change sync in addition to one `label_{NAME}` bool per label. */
export const labelKeys = { label_status: "str" } as const satisfies Record<string, MetadataType>;

/** A word has one bool per label under this prefix and the label's name. */
export const labelPrefix = "label_";
const fixedKeys: Readonly<Record<string, MetadataType>> = {
  ...positionKeys,
  ...extractedKeys,
  ...receiptFactKeys,
  ...labelKeys,
};

/** The type of a metadata key; undefined for an unknown key. */
export function metadataType(key: string): MetadataType | undefined {
  if (Object.hasOwn(fixedKeys, key)) return fixedKeys[key];
  return key.startsWith(labelPrefix) ? "bool" : undefined;
}

/** The key of a label: true if the label is VALID on the word, false if INVALID, otherwise absent. */
export function labelKey(label: string): string {
  return labelPrefix + label;
}

/** False for a name whose key has another meaning. */
export function canBeLabel(name: string): boolean {
  return metadataType(labelKey(name)) === "bool";
}

/** Whether change sync writes a key, not embedding. */
export function isKnownKey(key: string): boolean {
  return Object.hasOwn(receiptFactKeys, key) || key.startsWith(labelPrefix);
}

/** Metadata that embedding writes for every vector; `x` and `y` are the centre of its box. */
export type BoxMetadata = {
  image_id: string;
  receipt_id: number;
  line_id: number;
  text: string;
  x: number;
  y: number;
  width: number;
  height: number;
  confidence: number;
};

export type ExtractedMetadata = { readonly [Key in keyof typeof extractedKeys]?: string };

/** A line has its visual row, 0 for the highest, and its place in the row, 0 for the leftmost. */
export type LineMetadata = BoxMetadata & ExtractedMetadata & { row: number; column: number };

export type WordMetadata = BoxMetadata & ExtractedMetadata & { word_id: number };
