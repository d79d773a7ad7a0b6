import type { DocumentRow } from "./document-row.ts";
import type { ReceiptHead } from "./snapshot-part.ts";

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

export function isBetter(one: RankedRow, other: RankedRow): boolean {
  if (one.score !== other.score) return one.score > other.score;
  if (one.row.receipt !== other.row.receipt) return one.row.receipt < other.row.receipt;
  return one.row.position < other.row.position;
}
