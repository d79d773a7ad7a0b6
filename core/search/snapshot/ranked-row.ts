import type { DocumentHead } from "../../documents/document-search.ts";
import type { DocumentRow } from "./document-row.ts";

export interface RankedRow {
  readonly row: DocumentRow;
  readonly head: DocumentHead | undefined;
  readonly score: number;
  /** Undefined if no vector was compared. */
  readonly cosine: number | undefined;
  readonly coverage: number;
  /** Values that both the question and the row contain, as text for people. */
  readonly matched: readonly string[];
}

export function isBetter(one: RankedRow, other: RankedRow): boolean {
  if (one.score !== other.score) return one.score > other.score;
  if (one.row.documentKey !== other.row.documentKey) return one.row.documentKey < other.row.documentKey;
  return one.row.position < other.row.position;
}
