import * as z from "zod";
import {
  type FieldOf,
  type ReceiptFactField,
  type ReceiptFactType,
  shownKey,
  type TypeWithFields,
  watchedEntities,
} from "../../contract/watched-entities.ts";
import { canBeLabel, labelKey } from "../receipts/vector-metadata.ts";
import { problems } from "../text/problems.ts";
import { hasVisibleText } from "../text/visible-text.ts";
import { hasLoneSurrogate, wellFormedText } from "../text/well-formed-text.ts";

const text = z.string().nullish();

/** The fields that vectors carry. A label's name is also in its key. */
function itemSchema<Type extends TypeWithFields>(type: Type) {
  const fields: readonly FieldOf<Type>[] = watchedEntities[type].fields;
  return z.object(
    Object.fromEntries(fields.map((field) => [field, text])) as Record<FieldOf<Type>, typeof text>,
  );
}

const labelItem = itemSchema("RECEIPT_WORD_LABEL");

/** The value with its truncated fields, or every problem of the item. */
export type ItemReading<T> =
  | { readonly value: T; readonly clipped?: readonly string[] }
  | { readonly problems: readonly string[] };

/**
 * Every vector of a receipt carries each field, so a field as large as an item would exceed the store's body limit
 * (F30).
 */
const maxFieldBytes = 4_096;

/** The facts of an item about its receipt. Blank fields are omitted, and long ones are truncated. */
export function readFactsItem(type: ReceiptFactType, item: unknown): ItemReading<FactFields> {
  const parsed = itemSchema(type).safeParse(item);
  if (!parsed.success) return { problems: problems(parsed.error) };
  const facts: Partial<Record<ReceiptFactField, string>> = {};
  const clipped: string[] = [];
  for (const field of watchedEntities[type].fields) {
    const said = parsed.data[field] ?? "";
    if (!hasVisibleText(said)) continue;
    facts[shownKey(type, field)] = shownText(said);
    const bytes = Buffer.byteLength(said);
    if (bytes > maxFieldBytes) clipped.push(`${field}: ${bytes} bytes, truncated to ${maxFieldBytes}`);
  }
  return clipped.length > 0 ? { value: facts, clipped } : { value: facts };
}

/** Truncates a text to whole characters and replaces lone surrogates, which Chroma rejects. */
function shownText(said: string): string {
  const text = wellFormedText(said);
  if (3 * text.length <= maxFieldBytes) return text;
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(maxFieldBytes)).read);
}

/** The data in items about a receipt as a whole, above all its merchant. */
export type FactFields = { readonly [Field in ReceiptFactField]?: string };

/** The validation status of a RECEIPT_WORD_LABEL item. */
export function readLabelItem(item: unknown, name: string): ItemReading<string | undefined> {
  const parsed = labelItem.safeParse(item);
  const found = parsed.success ? [] : problems(parsed.error);
  if (!canBeLabel(name)) {
    found.push(`a label cannot be named ${name}: ${labelKey(name)} is another key of a word`);
  }
  if (hasLoneSurrogate(name)) found.push("the name of the label has half of a surrogate pair");
  if (parsed.success && typeof parsed.data.label === "string" && parsed.data.label !== name) {
    found.push(`label: it is ${parsed.data.label}, and the key names ${name}`);
  }
  if (!parsed.success || found.length > 0) return { problems: found };
  return { value: parsed.data.validation_status ?? undefined };
}
