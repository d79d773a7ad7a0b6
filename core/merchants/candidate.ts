import * as z from "zod";

const text = z.string().min(1).optional();

/** The facts of a merchant, which are the fields of RECEIPT_METADATA. */
export const merchantFacts = z.object({
  merchant_name: z.string().min(1),
  canonical_merchant_name: text,
  merchant_category: text,
  address: text,
  phone_number: text,
  website: text,
  place_id: text,
});

export type MerchantFacts = Readonly<z.infer<typeof merchantFacts>>;

export const merchantSources = ["similar_receipts", "google_places"] as const;
export type MerchantSource = (typeof merchantSources)[number];

/** The kinds of evidence that a receipt is of a merchant. */
export const evidenceKinds = ["registration", "phone", "site", "name", "address"] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

export interface Evidence {
  readonly kind: EvidenceKind;
  /** The text on the receipt. */
  readonly printed: string;
}

/** A possible merchant of a receipt. */
export interface Candidate {
  readonly source: MerchantSource;
  readonly facts: MerchantFacts;
  readonly evidence: readonly Evidence[];
  /** The number of receipts that support the candidate; 1 for a place. */
  readonly support: number;
}
