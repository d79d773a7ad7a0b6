import type { VectorMetadata } from "../../core/deltas/delta.ts";
import { fiveDigits } from "../../core/receipts/receipt.ts";
import type { WordRow } from "../../core/receipts/rows.ts";
import { wordVectorId } from "../../core/receipts/vector-ids.ts";
import type { BenchReceipt } from "../receipts.ts";

const names = ["PRODUCT_NAME", "QUANTITY", "UNIT_PRICE", "LINE_TOTAL", "TAX", "TOTAL", "DATE"] as const;
const statuses = ["VALID", "INVALID", "PENDING"] as const;

/** A RECEIPT_WORD_LABEL item as the receipts table holds it. */
export type LabelItem = ReturnType<typeof labelItem>;

/** A new label of a word, and what the word's vector has to show of it. */
export interface LabelChange {
  readonly item: LabelItem;
  readonly vectorId: string;
  readonly shows: VectorMetadata;
}

/**
 * One label each for as many words, at most all of them: the first word of every receipt, then the second. No two
 * changes of a receipt come together, so that nothing is saved by their doing so.
 */
export function labelChanges(receipts: readonly BenchReceipt[], count: number): LabelChange[] {
  const longest = Math.max(...receipts.map(({ words }) => words.length));
  const words = Array.from({ length: longest }, (_, place) =>
    receipts.flatMap((receipt) => receipt.words[place] ?? []),
  ).flat();
  return words.slice(0, count).map(labelChange);
}

function labelChange(word: WordRow, position: number): LabelChange {
  const label = names[position % names.length] ?? names[0];
  const status = statuses[position % statuses.length] ?? statuses[0];
  return {
    item: labelItem(word, label, status),
    vectorId: wordVectorId(word),
    shows: shownOf(label, status),
  };
}

function labelItem({ image_id, receipt_id, line_id, word_id, text }: WordRow, label: string, status: string) {
  const numbers = `RECEIPT#${fiveDigits(receipt_id)}#LINE#${fiveDigits(line_id)}#WORD#${fiveDigits(word_id)}`;
  return {
    PK: `IMAGE#${image_id}`,
    SK: `${numbers}#LABEL#${label}`,
    TYPE: "RECEIPT_WORD_LABEL",
    image_id,
    receipt_id,
    line_id,
    word_id,
    label,
    validation_status: status,
    label_proposed_by: "bench",
    reasoning: `"${text}" stands where a ${label} stands.`,
  };
}

/** What a word with this one label shows, beside what it showed before. */
function shownOf(label: string, status: (typeof statuses)[number]): VectorMetadata {
  switch (status) {
    case "VALID":
      return { label_status: "validated", [`label_${label}`]: true };
    case "INVALID":
      return { label_status: "unvalidated", [`label_${label}`]: false };
    case "PENDING":
      return { label_status: "auto_suggested" };
  }
}
