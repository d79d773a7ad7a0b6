/** What is known of a merchant: the fields of RECEIPT_METADATA. */
export interface MerchantFacts {
  readonly merchant_name: string;
  readonly canonical_merchant_name?: string;
  readonly merchant_category?: string;
  readonly address?: string;
  readonly phone_number?: string;
  readonly website?: string;
  readonly place_id?: string;
}

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
