import { readFactsItem } from "../../entities/known-items.ts";
import { resolvedReasoning } from "../../entities/shown-merchant.ts";
import type { ReceiptRef } from "../../receipts/receipt.ts";
import type { Evidence, EvidenceKind, MerchantFacts, MerchantSource } from "../candidate.ts";

/** The facts of a merchant and how they were found. */
export interface FoundPlace {
  readonly facts: MerchantFacts;
  readonly source: MerchantSource;
  readonly evidence: readonly Evidence[];
  readonly confidence: number;
}

/** Readers of this format build a key from the letters and digits of a name, and reject items whose name has none. */
const telling = /[A-Za-z0-9]/;
/** The format's name for each kind of evidence. */
const matchedField: Readonly<Record<EvidenceKind, string>> = {
  registration: "registration",
  phone: "phone",
  site: "website",
  name: "name",
  address: "address",
};

/**
 * Returns a RECEIPT_PLACE without its key: the same facts in the newer format, with exactly the attributes that its
 * readers know. Undefined for a merchant whose name the format cannot express.
 */
export function receiptPlace(receipt: ReceiptRef, found: FoundPlace, at: Date): object | undefined {
  const { facts, evidence, confidence } = found;
  if (!telling.test(facts.merchant_name)) return undefined;
  const item = {
    TYPE: "RECEIPT_PLACE",
    image_id: receipt.imageId,
    receipt_id: receipt.receiptId,
    // Required; empty if no place is proven.
    place_id: facts.place_id ?? "",
    merchant_name: facts.merchant_name,
    ...(facts.merchant_category !== undefined && { merchant_category: facts.merchant_category }),
    ...(facts.address !== undefined && { formatted_address: facts.address }),
    ...(facts.phone_number !== undefined && { phone_number: facts.phone_number }),
    ...(facts.website !== undefined && { website: facts.website }),
    matched_fields: [...new Set(evidence.map(({ kind }) => matchedField[kind]))],
    validated_by: methodOf(found),
    validation_status: "MATCHED",
    confidence,
    // Older readers do not parse `Z`.
    timestamp: at.toISOString().replace("Z", "+00:00"),
    places_api_version: "v1",
  };
  const read = readFactsItem("RECEIPT_PLACE", item);
  const shown = "value" in read ? read.value : {};
  const reasons = evidence.map(({ kind, printed }) => `${kind} ${printed}`).join("; ");
  return { ...item, reasoning: resolvedReasoning(shown, reasons) };
}

/** Returns how a merchant was found, as a value of the format. */
function methodOf({ source, evidence }: FoundPlace): string {
  if (source === "similar_receipts") return "INFERENCE";
  return evidence.some(({ kind }) => kind === "phone") ? "PHONE_LOOKUP" : "TEXT_SEARCH";
}
