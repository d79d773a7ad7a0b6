import type { MetadataTerm } from "../../collections/chroma/vector-store.ts";
import { isFinalTotal, type RowKind } from "../../receipts/typed/row-kinds.ts";
import { directionOf } from "../scan/directions.ts";
import { Contest } from "./contest.ts";
import type { DocumentRow } from "./document-row.ts";
import type { RankedRow } from "./ranked-row.ts";
import type { Snapshot } from "./snapshot.ts";
import type { ReceiptHead } from "./snapshot-part.ts";
import type { Understood } from "./understand.ts";

export const searchModes = ["hybrid", "dense", "lexical"] as const;
export type SearchMode = (typeof searchModes)[number];

export interface Ranking {
  readonly text: string;
  readonly vector: readonly number[] | undefined;
  readonly mode: SearchMode;
  readonly k: number;
  readonly understood: Understood | undefined;
  /** Cosine below which a row that shares few letters has nothing to do with the text; undefined leaves nothing out. */
  readonly minCosine: number | undefined;
  /** What a vector of a row must have; only rows that have one of these at least are looked at. */
  readonly terms?: readonly MetadataTerm[];
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

/**
 * The best rows of a snapshot, best first; equal scores by receipt and position. A scan of 8-bit codes bounds every cosine;
 * those of the rows that could be among the best are then compared exactly, so the answer is what comparing all gives.
 */
export async function rank(snapshot: Snapshot, ranking: Ranking): Promise<RankedRow[]> {
  const { text, vector, mode, understood, accepts, minCosine, terms = [] } = ranking;
  const query = vector && directionOf(vector);
  const subject = understood?.subject ? subjectReceipts(snapshot, understood.subject) : undefined;
  const weighed = snapshot.weigh(text);
  const contest = new Contest(ranking.k);
  for (const { part, live } of snapshot.parts) {
    const { rows, heads, matrix } = part;
    const wanted = part.narrowed(terms);
    const bounds = query && mode !== "lexical" ? await matrix.bounds(query, wanted) : undefined;
    const coverages = part.index.coverage(weighed);
    const matching = understood && mode !== "dense" ? part.matching(understood) : undefined;
    const consider = (number: number) => {
      if (!live[number]) return;
      const coverage = coverages[number] as number;
      const { boost, isSubject } =
        understood && matching?.[number]
          ? boostOf(rows[number] as DocumentRow, understood, subject)
          : noBoost;
      const ownWeight = isSubject ? understoodWeight : 1;
      const upper = bounds?.upper[number];
      const most = boost + ownWeight * ownScore(mode, upper, coverage);
      if (most < contest.threshold) return;
      const isUnfit = (cosine: number | undefined) =>
        boost === 0 && isUnrelated(mode, cosine, coverage, minCosine);
      if (boost === 0 && understood?.isValueAlone && mode !== "dense" && coverage < minCoverage) return;
      if (isUnfit(upper)) return;
      const row = rows[number] as DocumentRow;
      if (!accepts(row, heads.get(row.receipt))) return;
      const lower = bounds?.lower(number);
      contest.add(
        most,
        isUnfit(lower) ? Number.NEGATIVE_INFINITY : boost + ownWeight * ownScore(mode, lower, coverage),
        (): RankedRow | undefined => {
          const cosine = query && matrix.cosine(number, query);
          if (isUnfit(cosine)) return undefined;
          const matched = matching?.[number] && understood ? matchedBy(row, understood, subject) : [];
          const score = boost + ownWeight * ownScore(mode, cosine, coverage);
          return { row, head: heads.get(row.receipt), score, cosine, coverage, matched };
        },
      );
    };
    let { threshold } = contest;
    const count = wanted?.length ?? rows.length;
    for (let at = 0; at < count; at++) {
      const number = wanted ? (wanted[at] as number) : at;
      // Most rows end here, so this allocates nothing: a call with closures would leave megabytes of garbage per query.
      const isBoosted = matching?.[number] === 1;
      if (!isBoosted && ownScore(mode, bounds?.upper[number], coverages[number] as number) < threshold)
        continue;
      consider(number);
      threshold = contest.threshold;
    }
  }
  return contest.ranked();
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

const noBoost = { boost: 0, isSubject: false } as const;

function boostOf(row: DocumentRow, understood: Understood, subject: Subject | undefined) {
  let boost = 0;
  let isSubject = false;
  const kind = sharedKind(row, understood);
  if (kind) {
    boost += boosts.kind;
    if (kind === "total" && isFinalTotal(row.text)) boost += boosts.finalTotal;
    const share = subject?.receipts.get(row.receipt);
    if (share !== undefined) {
      isSubject = true;
      boost += boosts.subject * share;
    }
  }
  if (understood.days.some((day) => row.days.includes(day))) boost += boosts.day;
  if (understood.amounts.some((amount) => row.amounts.includes(amount))) boost += boosts.amount;
  return { boost, isSubject };
}

/** What a question names and a row has, for people to read. */
function matchedBy(row: DocumentRow, understood: Understood, subject: Subject | undefined): string[] {
  const kind = sharedKind(row, understood);
  const day = understood.days.find((each) => row.days.includes(each));
  const amount = understood.amounts.find((each) => row.amounts.includes(each));
  return [
    ...(kind ? [`kind ${kind}`] : []),
    ...(kind && subject?.receipts.has(row.receipt) ? [`merchant ${subject.name}`] : []),
    ...(day ? [`date ${day}`] : []),
    ...(amount === undefined ? [] : [`amount ${(amount / 100).toFixed(2)}`]),
  ];
}

function sharedKind(row: DocumentRow, understood: Understood): RowKind | undefined {
  for (const kind of understood.kinds) if (row.kinds.has(kind)) return kind;
  return undefined;
}

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
