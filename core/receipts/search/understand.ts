import { amountsIn } from "../typed/amounts.ts";
import { type Day, daysIn } from "../typed/dates.ts";
import { kindsAskedFor, type RowKind } from "../typed/row-kinds.ts";

/** What a question asks for, extracted by fixed rules without a model. */
export interface ReceiptQuestion {
  readonly days: readonly Day[];
  /** In hundredths. */
  readonly amounts: readonly number[];
  readonly kinds: ReadonlySet<RowKind>;
  /** The rest of the question without the words that ask, which may be a merchant's name. Empty if there is none. */
  readonly name: string;
  /** The question is only a date or an amount, so a row without it is not an answer. */
  readonly isValueAlone: boolean;
}

/** The understanding, as responses show it. */
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

/** Shows a name as merchant only if a receipt matches it, because the rest of a question may be any words. */
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
