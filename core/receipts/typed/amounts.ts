const amountForm = /(?<![\d.,/-])(\d{1,3}(?:[, ]\d{3})+|\d+)[.,](\d{2})(?![\d/.,-]*\d)/g;

/** All amounts of money in a text, in hundredths ("1,234.50" -> 123450): numbers with two decimals. */
export function amountsIn(text: string): number[] {
  return Array.from(text.matchAll(amountForm), ([, whole = "", hundredths = ""]) =>
    Number(whole.replace(/\D/g, "") + hundredths),
  );
}
