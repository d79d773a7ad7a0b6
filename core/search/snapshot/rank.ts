import { isFinalTotal } from "../../receipts/typed/row-kinds.ts";
import type { DocumentRow } from "./document-row.ts";
import type { Snapshot } from "./snapshot.ts";
import type { ReceiptHead } from "./snapshot-part.ts";
import type { Understood } from "./understand.ts";

export const searchModes = ["hybrid", "dense", "lexical"] as const;
export type SearchMode = (typeof searchModes)[number];

export interface RankedRow {
  readonly row: DocumentRow;
  readonly head: ReceiptHead | undefined;
  readonly score: number;
  /** Undefined where no vector was compared. */
  readonly cosine: number | undefined;
  readonly coverage: number;
  /** What the question names and the row has: `kind total`, `date 2018-03-31`, `amount 37.90`, `merchant ...`. */
  readonly matched: readonly string[];
}

export interface Ranking {
  readonly text: string;
  readonly vector: readonly number[] | undefined;
  readonly mode: SearchMode;
  readonly k: number;
  readonly understood: Understood | undefined;
  /** Cosine below which a row that shares few letters has nothing to do with the text; undefined leaves nothing out. */
  readonly minCosine: number | undefined;
  /** Whether a row may be a hit. */
  readonly accepts: (row: DocumentRow, head: ReceiptHead | undefined) => boolean;
}

/** A cosine and a share of rare letters are both at most 1; measured on receipts, equal weights rank best. */
const coverageWeight = 1;
const boosts = { kind: 0.25, finalTotal: 0.2, day: 2, amount: 0.5, subject: 1.5 };
/** A receipt is one that is asked about when its head contains most of the name. */
const minSubjectShare = 0.6;
/** What a row is to the words of a question counts less where the question's subject and kind are known. */
const understoodWeight = 0.3;
/** A row with a larger share of the question's rare letters fits it, whatever its vector says. */
const minCoverage = 0.25;

/** The best rows of a snapshot, best first; equal scores by receipt and position. */
export function rank(snapshot: Snapshot, ranking: Ranking): RankedRow[] {
  const { text, vector, mode, understood, k, accepts, minCosine } = ranking;
  const subject = understood?.subject ? subjectReceipts(snapshot, understood.subject) : undefined;
  const best: RankedRow[] = [];
  for (const { rows, heads, live, cosines, coverages } of snapshot.score(text, vector)) {
    rows.forEach((row, number) => {
      if (!live[number]) return;
      const [cosine, coverage] = [cosines?.[number], coverages[number] ?? 0];
      const { boost, matched, isSubject } =
        understood && mode !== "dense" ? boostOf(row, understood, subject) : nothingMatched;
      const score = boost + (isSubject ? understoodWeight : 1) * ownScore(mode, cosine, coverage);
      if (best.length >= k && score < (best[k - 1]?.score ?? 0)) return;
      if (boost === 0 && understood?.isValueAlone && mode !== "dense" && coverage < minCoverage) return;
      if (boost === 0 && isUnrelated(mode, cosine, coverage, minCosine)) return;
      if (!accepts(row, heads.get(row.receipt))) return;
      insert(best, { row, head: heads.get(row.receipt), score, cosine, coverage, matched }, k);
    });
  }
  return best;
}

function ownScore(mode: SearchMode, cosine: number | undefined, coverage: number): number {
  if (mode === "lexical") return coverage;
  if (mode === "dense") return cosine ?? 0;
  return (cosine ?? 0) + coverageWeight * coverage;
}

function isUnrelated(
  mode: SearchMode,
  cosine: number | undefined,
  coverage: number,
  minCosine: number | undefined,
): boolean {
  if (mode === "dense" || minCosine === undefined || coverage >= minCoverage) return false;
  return mode === "lexical" || cosine === undefined || cosine < minCosine;
}

function boostOf(row: DocumentRow, understood: Understood, subject: Subject | undefined) {
  let boost = 0;
  let isSubject = false;
  const matched: string[] = [];
  const kind = [...understood.kinds].find((each) => row.kinds.has(each));
  if (kind) {
    boost += boosts.kind;
    if (kind === "total" && isFinalTotal(row.text)) boost += boosts.finalTotal;
    matched.push(`kind ${kind}`);
    const share = subject?.receipts.get(row.receipt);
    if (share !== undefined) {
      isSubject = true;
      boost += boosts.subject * share;
      matched.push(`merchant ${subject?.name}`);
    }
  }
  const day = understood.days.find((each) => row.days.includes(each));
  if (day) {
    boost += boosts.day;
    matched.push(`date ${day}`);
  }
  const amount = understood.amounts.find((each) => row.amounts.includes(each));
  if (amount !== undefined) {
    boost += boosts.amount;
    matched.push(`amount ${(amount / 100).toFixed(2)}`);
  }
  return { boost, matched, isSubject };
}

const nothingMatched = { boost: 0, matched: [], isSubject: false } as const;

interface Subject {
  readonly name: string;
  /** By receipt, how much of the name its first rows contain. */
  readonly receipts: ReadonlyMap<string, number>;
}

/** The receipts whose first rows, or merchant, contain most of a name: those within a tenth of the best. */
function subjectReceipts(snapshot: Snapshot, name: string): Subject {
  const shares = snapshot.receiptsNamed(name, minSubjectShare);
  const best = Math.max(0, ...shares.values());
  return { name, receipts: new Map([...shares].filter(([, share]) => share >= 0.9 * best)) };
}

/** Keeps the k best in their order. */
function insert(best: RankedRow[], hit: RankedRow, k: number): void {
  let at = best.length;
  while (at > 0 && isBetter(hit, best[at - 1] as RankedRow)) at--;
  best.splice(at, 0, hit);
  if (best.length > k) best.pop();
}

function isBetter(one: RankedRow, other: RankedRow): boolean {
  if (one.score !== other.score) return one.score > other.score;
  if (one.row.receipt !== other.row.receipt) return one.row.receipt < other.row.receipt;
  return one.row.position < other.row.position;
}
