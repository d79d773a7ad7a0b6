import { hash } from "node:crypto";
import type { ReceiptFactType } from "../../contract/watched-entities.ts";
import type { FactFields } from "./known-items.ts";

/**
 * Returns the merchant fields for a receipt's vectors, from the two items about its merchant. Only one item is used, so
 * that the fields never mix two merchants. It is RECEIPT_PLACE, the newer format, unless that is unchanged since
 * `resolve-merchant` wrote it (`isAsFound`): then it is RECEIPT_METADATA, because any difference between them is
 * somebody's change of that one. An item without a merchant name is not used. A place has no canonical name, so that of
 * the metadata is kept if both name the same merchant.
 */
export function shownMerchant(
  { RECEIPT_PLACE: place, RECEIPT_METADATA: metadata }: { readonly [Type in ReceiptFactType]?: FactFields },
  isAsFound: boolean,
): FactFields {
  if (place === undefined || metadata === undefined) return place ?? metadata ?? {};
  const { merchant_name, canonical_merchant_name } = metadata;
  if (merchant_name === undefined && canonical_merchant_name === undefined) return place;
  if (place.merchant_name === undefined || isAsFound) return metadata;
  if (canonical_merchant_name === undefined || !isSameMerchant(place, metadata)) return place;
  return { ...place, canonical_merchant_name };
}

function isSameMerchant(place: FactFields, metadata: FactFields): boolean {
  if (place.merchant_name === metadata.merchant_name) return true;
  return place.place_id !== undefined && place.place_id === metadata.place_id;
}

const digestLength = 16;
const asResolved = new RegExp(`^resolve-merchant ([0-9a-f]{${digestLength}}): `);

/**
 * Returns the `reasoning` of a RECEIPT_PLACE that `resolve-merchant` writes with these facts. It holds a digest of
 * them, because readers of the format reject unknown attributes.
 */
export function resolvedReasoning(facts: FactFields, reasons: string): string {
  return `resolve-merchant ${digestOf(facts)}: ${reasons}`;
}

/** Whether an item with this `reasoning` still has the facts with which it was written. */
export function isAsResolved(reasoning: unknown, facts: FactFields): boolean {
  return typeof reasoning === "string" && asResolved.exec(reasoning)?.[1] === digestOf(facts);
}

function digestOf(facts: FactFields): string {
  const sorted = Object.entries(facts).sort(([one], [other]) => (one < other ? -1 : 1));
  return hash("sha256", JSON.stringify(sorted), "hex").slice(0, digestLength);
}
