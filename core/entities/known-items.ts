import * as z from "zod";
import { problems } from "../receipts/problems.ts";
import { canBeLabel, labelKey, merchantKeys } from "../receipts/vector-metadata.ts";
import { hasVisibleText } from "../text/visible-text.ts";
import { hasLoneSurrogate, wellFormedText } from "../text/well-formed-text.ts";

export type MerchantField = keyof typeof merchantKeys;
export const merchantFields = Object.keys(merchantKeys) as MerchantField[];

const text = z.string().nullish();
const merchantShape = Object.fromEntries(merchantFields.map((field) => [field, text]));

/** The fields of a RECEIPT_METADATA item that vectors carry. */
const metadataItem = z.object(merchantShape as Record<MerchantField, typeof text>);

/** The fields of a RECEIPT_WORD_LABEL item that vectors carry. The label's name is in its key. */
const labelItem = z.object({
  label: text,
  validation_status: text,
  label_proposed_by: text,
  label_consolidated_from: text,
  reasoning: text,
});
export const labelFields = Object.keys(labelItem.shape) as (keyof typeof labelItem.shape)[];

/** The value with its truncated fields, or every problem of the item. */
export type ItemReading<T> =
  | { readonly value: T; readonly clipped?: readonly string[] }
  | { readonly problems: readonly string[] };

/**
 * Every vector of a receipt carries each field, so a field as large as an item would exceed the store's body limit
 * (F30).
 */
const maxFieldBytes = 4_096;

/** The merchant of a RECEIPT_METADATA item. Blank fields are omitted, and long ones are truncated. */
export function readMetadataItem(item: unknown): ItemReading<Merchant> {
  const parsed = metadataItem.safeParse(item);
  if (!parsed.success) return { problems: problems(parsed.error) };
  const merchant: Partial<Record<MerchantField, string>> = {};
  const clipped: string[] = [];
  for (const field of merchantFields) {
    const said = parsed.data[field] ?? "";
    if (!hasVisibleText(said)) continue;
    merchant[field] = shownText(said);
    const bytes = Buffer.byteLength(said);
    if (bytes > maxFieldBytes) clipped.push(`${field}: ${bytes} bytes, truncated to ${maxFieldBytes}`);
  }
  return clipped.length > 0 ? { value: merchant, clipped } : { value: merchant };
}

/** The text truncated to whole characters, with lone surrogates replaced: Chroma rejects them. */
function shownText(said: string): string {
  const text = wellFormedText(said);
  if (3 * text.length <= maxFieldBytes) return text;
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(maxFieldBytes)).read);
}

export type Merchant = { readonly [field in MerchantField]?: string };

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
