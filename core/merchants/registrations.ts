/** Words before the number under which a company or a tax payer is registered. */
const label =
  "(?:gst|vat|sst|tax|brn|roc|ust|abn|ein|siret|siren|nif|cif|reg|registration|company|co)(?:[ ./]{0,2}(?:gst|vat|sst|tax|id|idnr|no|nr|num|number|reg|registration|ref|payer|cbp))*";
const labelled = new RegExp(
  `\\b${label}[^\\p{L}\\p{N}]{0,8}((?:[A-Z]{2} ?)?\\d[\\d -]{5,18}(?:-? ?[A-Z])?)(?![\\p{L}\\p{N}])`,
  "giu",
);
/** A Malaysian company or business: five to nine digits and a letter to check them. */
const withLetter = /(?<![\p{L}\p{N}])((?:[A-Z]{2})?\d{5,9} ?- ?[A-Z])(?![\p{L}\p{N}])/gu;
/** Rows with the number of a document. `TAX INVOICE NO` begins like a registration. */
const ofDocuments =
  /\b(?:invoice|inv|receipt|rcpt|bill|slip|doc|document|order|trans|transaction|ref no|reference|table|cashier|counter|serial|s\/n|model)\b/iu;

/** Of a number alone, and of one with a letter to check it. */
const minDigits = 6;
const minDigitsWithLetter = 5;
/** Letters and digits that an OCR engine reads for each other are not folded: two companies may differ by one. */
export function registrationKey(text: string): string {
  const key = text
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "");
  const digits = key.replace(/\D/g, "");
  const min = digits.length < key.length ? minDigitsWithLetter : minDigits;
  return digits.length >= min && !/^0*$/.test(digits) ? key : "";
}

/** The keys of the numbers under which a company or a tax payer is registered, as the rows of a receipt print them. */
export function registrationsIn(rows: readonly string[]): string[] {
  const found = rows.map((row) => row.normalize("NFKC")).filter((row) => !ofDocuments.test(row));
  const keys = found.flatMap((row) =>
    [...row.matchAll(labelled), ...row.matchAll(withLetter)].map(([, printed = ""]) =>
      registrationKey(printed),
    ),
  );
  return [...new Set(keys)].filter((key) => key !== "");
}
