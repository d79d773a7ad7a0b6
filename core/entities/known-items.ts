import * as z from "zod";
import { problems } from "../receipts/problems.ts";
import { canBeLabel, labelKey, merchantKeys } from "../receipts/vector-metadata.ts";
import { hasVisibleText } from "../text/visible-text.ts";
import { hasLoneSurrogate, wellFormedText } from "../text/well-formed-text.ts";

export type MerchantField = keyof typeof merchantKeys;
export const merchantFields = Object.keys(merchantKeys) as MerchantField[];

const text = z.string().nullish();
const merchantShape = Object.fromEntries(merchantFields.map((field) => [field, text]));

/** A RECEIPT_METADATA item, as far as vectors show it. */
const metadataItem = z.object(merchantShape as Record<MerchantField, typeof text>);

/** A RECEIPT_WORD_LABEL item, as far as vectors show it. Its name stands in its key. */
const labelItem = z.object({
  label: text,
  validation_status: text,
  label_proposed_by: text,
  label_consolidated_from: text,
  reasoning: text,
});
export const labelFields = Object.keys(labelItem.shape) as (keyof typeof labelItem.shape)[];

/** Either the value, with what of it was clipped, or every problem of the item. */
export type ItemReading<T> =
  | { readonly value: T; readonly clipped?: readonly string[] }
  | { readonly problems: readonly string[] };

/** Every vector of a receipt shows each field: a field of the size of an item would make bodies that no store takes (F30). */
const maxFieldBytes = 4_096;

/**
 * What a RECEIPT_METADATA item says of its merchant. A blank or absent field says nothing; one that is too long to be
 * shown says its beginning.
 */
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
    if (bytes > maxFieldBytes) clipped.push(`${field}: ${bytes} bytes, of which ${maxFieldBytes} are shown`);
  }
  return clipped.length > 0 ? { value: merchant, clipped } : { value: merchant };
}

/** As much as is shown, in whole characters; a lone surrogate is replaced, as Chroma takes none. */
function shownText(said: string): string {
  const text = wellFormedText(said);
  if (3 * text.length <= maxFieldBytes) return text;
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(maxFieldBytes)).read);
}

export type Merchant = { readonly [field in MerchantField]?: string };

/** What a RECEIPT_WORD_LABEL item says of the label that its key names. */
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
