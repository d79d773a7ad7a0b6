import { hash } from "node:crypto";
import type { ReceiptFactType } from "../../contract/watched-entities.ts";
import type { FactFields } from "./known-items.ts";

/**
 * What the vectors of a receipt show of the two items about its merchant. One item is shown as a whole, so that no name of one merchant
 * stands beside the telephone of another. That is RECEIPT_PLACE, the newer form, unless it is still as `resolve-merchant` wrote it
 * (`isAsFound`): then RECEIPT_METADATA is, since where the two differ, somebody has changed that one. An item that names no merchant
 * yields. A place has no canonical name: that of the metadata stays where both name the same merchant.
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

/** The `reasoning` of a RECEIPT_PLACE that `resolve-merchant` writes with these facts. Readers of the form refuse attributes of our own. */
export function resolvedReasoning(facts: FactFields, reasons: string): string {
  return `resolve-merchant ${digestOf(facts)}: ${reasons}`;
}

/** Whether an item with this `reasoning` still has the facts that it was written with. */
export function isAsResolved(reasoning: unknown, facts: FactFields): boolean {
  return typeof reasoning === "string" && asResolved.exec(reasoning)?.[1] === digestOf(facts);
}

function digestOf(facts: FactFields): string {
  const sorted = Object.entries(facts).sort(([one], [other]) => (one < other ? -1 : 1));
  return hash("sha256", JSON.stringify(sorted), "hex").slice(0, digestLength);
}
