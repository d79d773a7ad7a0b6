import { amountsIn } from "../typed/amounts.ts";
import { type Day, daysIn } from "../typed/dates.ts";
import { kindsOfRow, type RowKind } from "../typed/row-kinds.ts";

/** The values in a row of a receipt: its kinds, its days, and its amounts in hundredths. */
export interface ReceiptTraits {
  readonly kinds: ReadonlySet<RowKind>;
  readonly days: readonly Day[];
  readonly amounts: readonly number[];
}

export interface ReceiptRow {
  readonly text: string;
  readonly vectors: readonly { readonly metadata: Readonly<Record<string, string | number | boolean>> }[];
  readonly traits: ReceiptTraits;
}

/** Shared by the many rows without a day or an amount. */
const none: readonly never[] = [];
const ofKindsAlone = new WeakMap<ReadonlySet<RowKind>, ReceiptTraits>();

export function traitsOf(text: string): ReceiptTraits {
  const days = daysIn(text);
  const amounts = amountsIn(text);
  const kinds = kindsOfRow(text, days.length);
  if (days.length === 0 && amounts.length === 0) return kindsAlone(kinds);
  return { kinds, days: days.length > 0 ? days : none, amounts: amounts.length > 0 ? amounts : none };
}

/** Kinds are words, days `YYYY-MM-DD`, and amounts numbers, so they cannot be confused. */
export function valuesOf({ kinds, days, amounts }: ReceiptTraits): (string | number)[] {
  return [...kinds, ...days, ...amounts];
}

/**
 * One object for all rows of the same kinds. There are few combinations, and most rows contain neither a day nor an
 * amount.
 */
function kindsAlone(kinds: ReadonlySet<RowKind>): ReceiptTraits {
  const known = ofKindsAlone.get(kinds) ?? { kinds, days: none, amounts: none };
  ofKindsAlone.set(kinds, known);
  return known;
}
