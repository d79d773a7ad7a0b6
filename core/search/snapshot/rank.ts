import type { MetadataTerm } from "../../collections/chroma/vector-store.ts";
import { type DocumentHead, documentSearch, type Question } from "../../documents/document-search.ts";
import { directionOf } from "../scan/directions.ts";
import { Contest } from "./contest.ts";
import type { DocumentRow } from "./document-row.ts";
import type { RankedRow } from "./ranked-row.ts";
import type { Snapshot } from "./snapshot.ts";

export const searchModes = ["hybrid", "dense", "lexical"] as const;
export type SearchMode = (typeof searchModes)[number];

export interface Ranking {
  readonly text: string;
  readonly vector: readonly number[] | undefined;
  readonly mode: SearchMode;
  readonly k: number;
  /** What the text asks for; undefined if it is only compared. */
  readonly question: Question | undefined;
  /**
   * A row with few letters in common and a cosine below this is unrelated to the text. Undefined disables the limit.
   */
  readonly minCosine: number | undefined;
  /** Terms that a vector of a row must match; only rows with at least one such vector are considered. */
  readonly terms?: readonly MetadataTerm[];
  /** Whether a row may be a hit. */
  readonly accepts: (row: DocumentRow, head: DocumentHead | undefined) => boolean;
}

/**
 * A cosine and a share of rare letters are both at most 1. Of 3,758 questions of real documents, equal weights ranked as well on
 * the whole, but put misspelt names behind what letters alone find.
 */
export const coverageWeight = 1.2;
/** A document is considered named if its head contains at least this share of the name. */
const minNameShare = 0.6;
/** The weight of a row's own score if the question names its document. */
const namedWeight = 0.3;
/** A row with at least this share of the question's rare letters is related to it, whatever its vector says. */
const minCoverage = 0.25;

/**
 * The best rows of a snapshot, best first; equal scores by document and position. A scan of 8-bit codes bounds every
 * cosine; rows that could be among the best are then compared exactly, so the result equals that of comparing all rows.
 */
export async function rank(snapshot: Snapshot, ranking: Ranking): Promise<RankedRow[]> {
  const { text, vector, mode, question, accepts, minCosine, terms = [] } = ranking;
  const query = vector && directionOf(vector);
  const shares = question?.name ? documentsNamed(snapshot, question.name) : undefined;
  const weighed = snapshot.weigh(text);
  const contest = new Contest(ranking.k);
  for (const { part, live } of snapshot.parts) {
    const { rows, heads, matrix } = part;
    const wanted = part.narrowed(terms);
    const bounds = query && mode !== "lexical" ? await matrix.bounds(query, wanted) : undefined;
    const coverages = part.index.coverage(weighed);
    const matching = question && mode !== "dense" ? part.matching(question) : undefined;
    const consider = (number: number) => {
      if (!live[number]) return;
      const coverage = coverages[number] as number;
      const row = rows[number] as DocumentRow;
      const { boost, isNamed } =
        question && matching?.[number]
          ? documentSearch.boostOf(row, question, shares?.get(row.documentKey))
          : noBoost;
      const ownWeight = isNamed ? namedWeight : 1;
      const upper = bounds?.upper[number];
      const most = boost + ownWeight * ownScore(mode, upper, coverage);
      if (most < contest.threshold) return;
      const isUnfit = (cosine: number | undefined) =>
        boost === 0 && isUnrelated(mode, cosine, coverage, minCosine);
      if (boost === 0 && question?.isValueAlone && mode !== "dense" && coverage < minCoverage) return;
      if (isUnfit(upper)) return;
      if (!accepts(row, heads.get(row.documentKey))) return;
      const lower = bounds?.lower(number);
      contest.add(
        most,
        isUnfit(lower) ? Number.NEGATIVE_INFINITY : boost + ownWeight * ownScore(mode, lower, coverage),
        (): RankedRow | undefined => {
          const cosine = query && matrix.cosine(number, query);
          if (isUnfit(cosine)) return undefined;
          const matched =
            matching?.[number] && question
              ? documentSearch.matchedBy(row, question, shares?.get(row.documentKey))
              : [];
          const score = boost + ownWeight * ownScore(mode, cosine, coverage);
          return { row, head: heads.get(row.documentKey), score, cosine, coverage, matched };
        },
      );
    };
    let { threshold } = contest;
    const count = wanted?.length ?? rows.length;
    for (let at = 0; at < count; at++) {
      const number = wanted ? (wanted[at] as number) : at;
      // Most rows are rejected here without allocating: calling a closure would create megabytes of garbage per query.
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

const noBoost = { boost: 0, isNamed: false } as const;

/** The share of a name that each document's head contains. Keeps only documents within a tenth of the best. */
function documentsNamed(snapshot: Snapshot, name: string): ReadonlyMap<string, number> {
  const shares = snapshot.documentsNamed(name, minNameShare);
  const best = Math.max(0, ...shares.values());
  return new Map([...shares].filter(([, share]) => share >= 0.9 * best));
}
