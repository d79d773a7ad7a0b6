import { isFinalTotal, type RowKind } from "../typed/row-kinds.ts";
import type { ReceiptRow, ReceiptTraits } from "./row-traits.ts";
import { decimals, merchantMatch, type ReceiptQuestion } from "./understand.ts";

/**
 * Determined by measurements on receipts; the cosine and the share of rare letters that they are added to are at most 1
 * each.
 */
const boosts = { kind: 0.25, finalTotal: 0.2, day: 2, amount: 0.5, merchant: 1.5 };

/**
 * The boost of a row that the question names. `share` is the share of the question's name that the receipt's head
 * contains.
 */
export function boostOf({ text, traits }: ReceiptRow, question: ReceiptQuestion, share: number | undefined) {
  let boost = 0;
  let isNamed = false;
  const kind = sharedKind(traits, question);
  if (kind) {
    boost += boosts.kind;
    if (kind === "total" && isFinalTotal(text)) boost += boosts.finalTotal;
    if (share !== undefined) {
      isNamed = true;
      boost += boosts.merchant * share;
    }
  }
  if (question.days.some((day) => traits.days.includes(day))) boost += boosts.day;
  if (question.amounts.some((amount) => traits.amounts.includes(amount))) boost += boosts.amount;
  return { boost, isNamed };
}

/** What the row and the question have in common: `kind total`, `merchant ...`, `date 2018-03-31`, `amount 37.90`. */
export function matchedBy(
  { traits }: ReceiptRow,
  question: ReceiptQuestion,
  share: number | undefined,
): string[] {
  const kind = sharedKind(traits, question);
  const day = question.days.find((each) => traits.days.includes(each));
  const amount = question.amounts.find((each) => traits.amounts.includes(each));
  return [
    ...(kind ? [`kind ${kind}`] : []),
    ...(kind && share !== undefined ? [merchantMatch(question.name)] : []),
    ...(day ? [`date ${day}`] : []),
    ...(amount === undefined ? [] : [`amount ${decimals(amount)}`]),
  ];
}

function sharedKind(traits: ReceiptTraits, question: ReceiptQuestion): RowKind | undefined {
  for (const kind of question.kinds) if (traits.kinds.has(kind)) return kind;
  return undefined;
}
