/** The type that each metadata key has in every collection, from every writer. */
export type MetadataType = "str" | "int" | "float" | "bool";

/** Where a vector comes from: written with the vector, by embedding. */
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

/** What is known of the merchant: written by change sync, absent where unknown. */
export const merchantKeys = {
  merchant_name: "str",
  canonical_merchant_name: "str",
  merchant_category: "str",
  address: "str",
  phone_number: "str",
  place_id: "str",
} as const satisfies Record<string, MetadataType>;

/** What is known of a word's labels, from all of them: written by change sync, beside one `label_{NAME}` bool a label. */
export const labelKeys = { label_status: "str" } as const satisfies Record<string, MetadataType>;

/** A word has one bool a label under this prefix and the name of the label. */
export const labelPrefix = "label_";
const fixedKeys: Readonly<Record<string, MetadataType>> = { ...positionKeys, ...merchantKeys, ...labelKeys };

/** The type of any metadata key; undefined for a key that is not ours. */
export function metadataType(key: string): MetadataType | undefined {
  if (Object.hasOwn(fixedKeys, key)) return fixedKeys[key];
  return key.startsWith(labelPrefix) ? "bool" : undefined;
}

/** The key of a label: true where the label is VALID on the word, false where it is INVALID, else absent. */
export function labelKey(label: string): string {
  return labelPrefix + label;
}

/** False for a name whose key says something else of the word. */
export function canBeLabel(name: string): boolean {
  return metadataType(labelKey(name)) === "bool";
}

/** Whether a key is written by change sync and not by embedding. */
export function isKnownKey(key: string): boolean {
  return Object.hasOwn(merchantKeys, key) || key.startsWith(labelPrefix);
}

/** Chroma gives one float in ten back with another last digit. */
const lastDigits = 1e-12;

/** Whether two values of a key are the same to Chroma. A text is never a number. */
export function isSameValue(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== "number" || typeof other !== "number") return false;
  return Math.abs(one - other) <= lastDigits * Math.max(Math.abs(one), Math.abs(other));
}

/** What embedding writes of every vector; `x` and `y` are the centre of its box. */
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

/** A line names its visual row, 0 for the highest, and its place in it, 0 for the leftmost. */
export type LineMetadata = BoxMetadata & { row: number; column: number };

export type WordMetadata = BoxMetadata & { word_id: number };
