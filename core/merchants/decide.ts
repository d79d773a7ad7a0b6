import type { Candidate, EvidenceKind, MerchantFacts } from "./candidate.ts";
import { isSameName } from "./names.ts";

/**
 * The confidence from one kind of evidence alone. A registration belongs to one company. A telephone number passes to
 * the next owner of a shop, an address is shared by the shops of a mall, and a name or a site by the branches of a
 * chain.
 */
const weights: Readonly<Record<EvidenceKind, number>> = {
  registration: 0.92,
  phone: 0.75,
  site: 0.5,
  name: 0.7,
  address: 0.6,
};

/** The minimum confidence at which a merchant is written without a person's approval. */
export const usualThreshold = 0.85;
/** Candidates below this confidence are not worth a person's time. */
const minProposal = 0.5;
/** The factor by which the receipts of a candidate must outnumber those of a rival. */
const outvoted = 3;

export type Decision =
  | { readonly kind: "resolved" | "proposed"; readonly best: Candidate; readonly confidence: number }
  | { readonly kind: "none" };

/** Returns the confidence in a candidate, from 0 to 1. Assumes that the kinds of evidence are independent. */
export function confidenceOf({ evidence }: Pick<Candidate, "evidence">): number {
  const kinds = [...new Set(evidence.map(({ kind }) => kind))];
  const doubt = kinds.reduce((left, kind) => left * (1 - weights[kind]), 1);
  return Math.round((1 - doubt) * 100) / 100;
}

/** Candidates of one merchant, under its most frequent name. */
interface Group {
  readonly best: Candidate;
  readonly confidence: number;
  readonly support: number;
}

/**
 * Decides which merchant a receipt is of. A candidate at or above `threshold` is resolved, unless a rival reaches it
 * too and is not outnumbered. Disputed and less likely candidates are proposed to a person.
 */
export function decide(candidates: readonly Candidate[], threshold: number): Decision {
  const [first, rival] = groupsOf(candidates, threshold);
  if (first === undefined || first.confidence < minProposal) return { kind: "none" };
  const { best, confidence, support } = first;
  const isDisputed =
    rival !== undefined && rival.confidence >= threshold && support < outvoted * rival.support;
  const isResolved = confidence >= threshold && !isDisputed;
  return { kind: isResolved ? "resolved" : "proposed", best, confidence };
}

/** Returns the groups, best first. */
function groupsOf(candidates: readonly Candidate[], threshold: number): Group[] {
  const groups: Candidate[][] = [];
  for (const candidate of candidates) {
    const same = groups.find(
      ([one]) => one && isSameName(one.facts.merchant_name, candidate.facts.merchant_name),
    );
    if (same) same.push(candidate);
    else groups.push([candidate]);
  }
  return groups
    .map((group) => groupOf(group, threshold))
    .sort(
      (one, other) =>
        Number(other.confidence >= threshold) * other.support -
          Number(one.confidence >= threshold) * one.support || other.confidence - one.confidence,
    );
}

function groupOf(candidates: readonly Candidate[], threshold: number): Group {
  const ranked = candidates.toSorted((one, other) => confidenceOf(other) - confidenceOf(one));
  const best = ranked[0] as Candidate;
  const sure = ranked.filter((one) => confidenceOf(one) >= threshold);
  const name = usualName(ranked.filter((one) => one.source === best.source));
  return {
    best: { ...best, facts: { ...best.facts, merchant_name: name } },
    confidence: confidenceOf(best),
    support: (sure.length > 0 ? sure : ranked).reduce((sum, { support }) => sum + support, 0),
  };
}

/** Returns the name with the most receipts; the first of equally frequent ones. */
function usualName(candidates: readonly Candidate[]): string {
  const counts = new Map<string, number>();
  for (const { facts, support } of candidates) {
    counts.set(facts.merchant_name, (counts.get(facts.merchant_name) ?? 0) + support);
  }
  return [...counts].toSorted(([, one], [, other]) => other - one)[0]?.[0] ?? "";
}

/**
 * Returns the facts that the evidence supports. The address, telephone and place id are only included if the telephone
 * or address matches.
 */
export function provenFacts({ facts, evidence }: Candidate): MerchantFacts {
  const isPlace = evidence.some(({ kind }) => kind === "phone" || kind === "address");
  if (isPlace) return facts;
  const { address: _address, phone_number: _phone, place_id: _place, ...ofMerchant } = facts;
  return ofMerchant;
}
