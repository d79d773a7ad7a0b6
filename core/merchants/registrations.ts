/** Labels of the registration number of a company or taxpayer. */
const label =
  "(?:gst|vat|sst|tax|brn|roc|ust|abn|ein|siret|siren|nif|cif|reg|registration|company|co)(?:[ ./]{0,2}(?:gst|vat|sst|tax|id|idnr|no|nr|num|number|reg|registration|ref|payer|cbp))*";
const labelled = new RegExp(
  `\\b${label}[^\\p{L}\\p{N}]{0,8}((?:[A-Z]{2} ?)?\\d[\\d -]{5,18}(?:-? ?[A-Z])?)(?![\\p{L}\\p{N}])`,
  "giu",
);
/** A Malaysian company or business number: five to nine digits and a check letter. */
const withLetter = /(?<![\p{L}\p{N}])((?:[A-Z]{2})?\d{5,9} ?- ?[A-Z])(?![\p{L}\p{N}])/gu;
/** Rows with the number of a document. `TAX INVOICE NO` begins like a registration. */
const ofDocuments =
  /\b(?:invoice|inv|receipt|rcpt|bill|slip|doc|document|order|trans|transaction|ref no|reference|table|cashier|counter|serial|s\/n|model)\b/iu;

/** The minimum digits of a number without and with a check letter. */
const minDigits = 6;
const minDigitsWithLetter = 5;
/**
 * Returns the letters and digits of a registration; empty if it is too short. Characters that OCR confuses are not
 * folded, because two companies may differ by one.
 */
export function registrationKey(text: string): string {
  const key = text
    .normalize("NFKC")
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, "");
  const digits = key.replace(/\D/g, "");
  const min = digits.length < key.length ? minDigitsWithLetter : minDigits;
  return digits.length >= min && !/^0*$/.test(digits) ? key : "";
}

/** Returns the keys of the company and tax registrations in the rows of a receipt. */
export function registrationsIn(rows: readonly string[]): string[] {
  const found = rows.map((row) => row.normalize("NFKC")).filter((row) => !ofDocuments.test(row));
  const keys = found.flatMap((row) =>
    [...row.matchAll(labelled), ...row.matchAll(withLetter)].map(([, printed = ""]) =>
      registrationKey(printed),
    ),
  );
  return [...new Set(keys)].filter((key) => key !== "");
}
