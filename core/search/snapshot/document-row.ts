import type { StoredVector } from "../../collections/chroma/vector-store.ts";
import { amountsIn } from "../../receipts/typed/amounts.ts";
import { type Day, daysIn } from "../../receipts/typed/dates.ts";
import { kindsOfRow, type RowKind } from "../../receipts/typed/row-kinds.ts";

/** What one hit shows: the lines that an eye sees as one row of a receipt, or one word. */
export interface DocumentRow {
  /** `IMAGE#..#RECEIPT#..` */
  readonly receipt: string;
  /** 0 for the first row of the receipt. */
  readonly position: number;
  /** The texts of its vectors, one blank between two. */
  readonly text: string;
  /** In reading order; at least one. */
  readonly vectors: readonly StoredVector[];
  readonly kinds: ReadonlySet<RowKind>;
  readonly days: readonly Day[];
  /** Hundredths. */
  readonly amounts: readonly number[];
}

/** Of the many rows that name no day, or no amount. */
const none: readonly never[] = [];

export function documentRow(
  receipt: string,
  position: number,
  vectors: readonly StoredVector[],
): DocumentRow {
  const text = vectors.map(({ document }) => document).join(" ");
  const days = daysIn(text);
  const amounts = amountsIn(text);
  return {
    receipt,
    position,
    text,
    vectors,
    kinds: kindsOfRow(text, days.length),
    days: days.length > 0 ? days : none,
    amounts: amounts.length > 0 ? amounts : none,
  };
}
