import { agreement } from "./agreement.ts";
import type { Candidate, MerchantFacts } from "./candidate.ts";
import type { ReceiptWords } from "./receipt-words.ts";

/** A place that a directory answered, where it agrees with the receipt in something. */
export function placeCandidate(words: ReceiptWords, facts: MerchantFacts): Candidate[] {
  const evidence = agreement(words, facts);
  return evidence.length === 0 ? [] : [{ source: "google_places", facts, evidence, support: 1 }];
}
