import { foldWords, likeness } from "./fold-words.ts";

/** Legal forms. They do not identify a merchant, and brand names omit them. */
const legalForms = new Set(
  "sdn bhd sb plt berhad sendirian ltd limited llc llp inc incorporated corp corporation gmbh ag kg ug sa sarl sas srl spa bv nv oy ab as aps pty plc".split(
    " ",
  ),
);
/** `(M)` of Malaysian companies, and `Co.` of any. */
const besideForms = new Set(["m", "co", "company"]);

/** A shorter name occurs in other texts by chance. */
const minLetters = 4;
const minHan = 2;
/** Allows two misread characters in a name of twenty. */
const minLikeness = 0.85;

/** Returns a name without case, punctuation and legal form: `Mr. D.I.Y. (M) Sdn Bhd` -> `mrdiy`. */
export function nameKey(name: string): string {
  const words = nameWords(name);
  const isCompany = words.some((word) => legalForms.has(word));
  const kept = words.filter((word) => !legalForms.has(word) && !(isCompany && besideForms.has(word)));
  return kept.join("");
}

/** A number of a till or scan before a name, and a registration after it. */
const besideName = /^\W*\d{4,}\s+|\(?(?<![\p{L}\p{N}])\d{4,}\s?-\s?\p{L}\)?\s*$/gu;

function nameWords(name: string): string[] {
  // S/B stands for Sdn Bhd; unreplaced it would become two words.
  return foldWords(name.replace(besideName, " ").replace(/\bs\s*\/\s*b\b/giu, " sb "));
}

/** Whether a row contains the legal form of a company. */
export function legalName(row: string): boolean {
  return nameWords(row).some((word) => legalForms.has(word));
}

/** Whether a key is long enough to identify a merchant. */
export function isTelling(key: string): boolean {
  const letters = key.match(/\p{L}/gu)?.length ?? 0;
  return letters >= minLetters || (key.match(/\p{Script=Han}/gu)?.length ?? 0) >= minHan;
}

/**
 * Whether two names are of one merchant: equal except for case, punctuation, legal form and misread characters. Numbers
 * must be equal, because they distinguish branches.
 */
export function isSameName(one: string, other: string): boolean {
  return isSameKey(nameKey(one), nameKey(other));
}

function isSameKey(one: string, other: string): boolean {
  if (one === other) return one !== "";
  return numbersOf(one) === numbersOf(other) && likeness(one, other) >= minLikeness;
}

/** The maximum number of rows of one name. */
const maxRows = 3;

/**
 * Returns the printed text of a name: a row, up to three rows, or a row that begins with the name and continues with
 * something else (a registration number, a branch). Undefined if the rows do not contain the name.
 */
export function printedName(name: string, rows: readonly string[]): string | undefined {
  const key = nameKey(name);
  if (!isTelling(key)) return undefined;
  for (const [first] of rows.entries()) {
    for (let count = 1; count <= maxRows && first + count <= rows.length; count++) {
      const text = rows.slice(first, first + count).join(" ");
      const printed = nameKey(text);
      if (isSameKey(printed, key)) return text;
      if (count === 1 && startsWithName(text, key)) return text;
    }
  }
  return undefined;
}

/** Matches whole words only: `AEONIAN` does not match `AEON`. */
function startsWithName(text: string, key: string): boolean {
  const words = text.split(/[^\p{L}\p{N}.'&]+/u);
  for (let count = 1; count < words.length; count++) {
    const begun = nameKey(words.slice(0, count).join(" "));
    if (begun === key) return !goesOnBeforeForm(words.slice(count).join(" "));
    if (begun.length > key.length) return false;
  }
  return false;
}

/** `Mr. D.I.Y. (Kuchai) Sdn Bhd` is another company than `Mr. D.I.Y. Sdn Bhd`, and `Aeon Co. (M) Bhd` is Aeon. */
function goesOnBeforeForm(rest: string): boolean {
  const words = nameWords(rest).filter((word) => !besideForms.has(word));
  const form = words.findIndex((word) => legalForms.has(word));
  return form > 0;
}

function numbersOf(key: string): string {
  return key.match(/\p{N}+/gu)?.join(" ") ?? "";
}
