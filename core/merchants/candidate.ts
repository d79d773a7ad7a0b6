import * as z from "zod";

const text = z.string().min(1).optional();

/** What is known of a merchant: the fields of RECEIPT_METADATA. */
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

/** In what a receipt and a merchant agree. */
export const evidenceKinds = ["registration", "phone", "site", "name", "address"] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

export interface Evidence {
  readonly kind: EvidenceKind;
  /** As the receipt prints it. */
  readonly printed: string;
}

/** A merchant whose receipt it may be. */
export interface Candidate {
  readonly source: MerchantSource;
  readonly facts: MerchantFacts;
  readonly evidence: readonly Evidence[];
  /** Receipts that say so; 1 for a place. */
  readonly support: number;
}
