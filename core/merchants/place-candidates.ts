import { agreement } from "./agreement.ts";
import type { Candidate, MerchantFacts } from "./candidate.ts";
import type { ReceiptWords } from "./receipt-words.ts";

/** Returns a place from a directory as a candidate, if it shares any evidence with the receipt. */
export function placeCandidate(words: ReceiptWords, facts: MerchantFacts): Candidate[] {
  const evidence = agreement(words, facts);
  return evidence.length === 0 ? [] : [{ source: "google_places", facts, evidence, support: 1 }];
}
