import { z } from "zod";
import { problems } from "../receipts/problems.ts";
import { canBeLabel, labelKey, merchantKeys } from "../receipts/vector-metadata.ts";

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

/** Either the value or every problem of the item. */
export type ItemReading<T> = { readonly value: T } | { readonly problems: readonly string[] };

/** What a RECEIPT_METADATA item says of its merchant. A blank or absent field says nothing. */
export function readMetadataItem(item: unknown): ItemReading<Merchant> {
  const parsed = metadataItem.safeParse(item);
  if (!parsed.success) return { problems: problems(parsed.error) };
  const known = Object.entries(parsed.data).filter(([, value]) => typeof value === "string" && value.trim());
  return { value: Object.fromEntries(known) };
}

export type Merchant = { readonly [field in MerchantField]?: string };

/** What a RECEIPT_WORD_LABEL item says of the label that its key names. */
export function readLabelItem(item: unknown, name: string): ItemReading<string | undefined> {
  const parsed = labelItem.safeParse(item);
  const found = parsed.success ? [] : problems(parsed.error);
  if (!canBeLabel(name)) {
    found.push(`a label cannot be named ${name}: ${labelKey(name)} is another key of a word`);
  }
  if (parsed.success && typeof parsed.data.label === "string" && parsed.data.label !== name) {
    found.push(`label: it is ${parsed.data.label}, and the key names ${name}`);
  }
  if (!parsed.success || found.length > 0) return { problems: found };
  return { value: parsed.data.validation_status ?? undefined };
}
