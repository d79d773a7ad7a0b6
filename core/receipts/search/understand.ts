import { amountsIn } from "../typed/amounts.ts";
import { type Day, daysIn } from "../typed/dates.ts";
import { kindsAskedFor, type RowKind } from "../typed/row-kinds.ts";

/** What a question says by declared rules; no model guesses. */
export interface ReceiptQuestion {
  readonly days: readonly Day[];
  /** Hundredths. */
  readonly amounts: readonly number[];
  readonly kinds: ReadonlySet<RowKind>;
  /** What is left of the question beside the words that ask: perhaps whose receipt it is about. Empty where nothing is. */
  readonly name: string;
  /** The question is a date or an amount and nothing else: a row without it is no answer. */
  readonly isValueAlone: boolean;
}

/** As answers show it. */
export interface ReceiptUnderstood {
  readonly kinds?: readonly string[];
  readonly dates?: readonly string[];
  readonly amounts?: readonly string[];
  readonly merchant?: string;
}

export function understand(question: string): ReceiptQuestion {
  const { kinds, rest } = kindsAskedFor(question);
  const days = daysIn(question);
  const amounts = amountsIn(question);
  const letters = question.match(/\p{L}{3,}/gu) ?? [];
  const isValueAlone =
    kinds.size === 0 && (days.length > 0 ? letters.length <= 1 : amounts.length > 0 && letters.length === 0);
  return { days, amounts, kinds, name: kinds.size > 0 ? rest : "", isValueAlone };
}

/** A name is shown as a merchant's only where a receipt answers to it: what is left of a question may be any words. */
export function understoodIn(
  { kinds, days, amounts, name }: ReceiptQuestion,
  matched: ReadonlySet<string>,
): ReceiptUnderstood {
  return {
    ...(kinds.size > 0 && { kinds: [...kinds] }),
    ...(days.length > 0 && { dates: days }),
    ...(amounts.length > 0 && { amounts: amounts.map(decimals) }),
    ...(matched.has(merchantMatch(name)) && { merchant: name }),
  };
}

export function merchantMatch(name: string): string {
  return `merchant ${name}`;
}

export function decimals(hundredths: number): string {
  return (hundredths / 100).toFixed(2);
}
