import { amountsIn } from "../../receipts/typed/amounts.ts";
import { type Day, daysIn } from "../../receipts/typed/dates.ts";
import { kindsAskedFor, type RowKind } from "../../receipts/typed/row-kinds.ts";

/** What a question says by declared rules; no model guesses. */
export interface Understood {
  readonly days: readonly Day[];
  /** Hundredths. */
  readonly amounts: readonly number[];
  readonly kinds: ReadonlySet<RowKind>;
  /** What is left of the question beside the words that ask: perhaps whose receipt it is about. Empty where nothing is. */
  readonly subject: string;
  /** The question is a date or an amount and nothing else: a row without it is no answer. */
  readonly isValueAlone: boolean;
}

export function understand(question: string): Understood {
  const { kinds, rest } = kindsAskedFor(question);
  const days = daysIn(question);
  const amounts = amountsIn(question);
  const letters = question.match(/\p{L}{3,}/gu) ?? [];
  const isValueAlone =
    kinds.size === 0 && (days.length > 0 ? letters.length <= 1 : amounts.length > 0 && letters.length === 0);
  return { days, amounts, kinds, subject: kinds.size > 0 ? rest : "", isValueAlone };
}
