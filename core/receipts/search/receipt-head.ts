import type { Day } from "../typed/dates.ts";
import type { ReceiptRow } from "./row-traits.ts";

/** Values that all rows of a receipt share, read from the receipt itself. */
export interface ReceiptHead {
  /** The first row that contains a word; on most receipts this is the merchant. */
  readonly title: string;
  readonly day: Day | undefined;
  /** The first rows, and the merchant if known. Used to find the receipts of a named merchant. */
  readonly text: string;
}

const headRows = 5;

export function headOf(rows: readonly ReceiptRow[]): ReceiptHead {
  const titled = rows.find(
    ({ text, traits }) => /\p{L}{3,}|\p{Script=Han}{2,}/u.test(text) && !traits.kinds.has("date"),
  );
  const { canonical_merchant_name = "", merchant_name = "" } = rows[0]?.vectors[0]?.metadata ?? {};
  const known = [String(canonical_merchant_name), String(merchant_name)];
  return {
    title: titled?.text ?? "",
    day: rows.find(({ traits }) => traits.days.length > 0)?.traits.days[0],
    text: [...known, ...rows.slice(0, headRows).map(({ text }) => text)].join(" "),
  };
}
