import { daysIn } from "../receipts/typed/dates.ts";
import { kindsOfRow } from "../receipts/typed/row-kinds.ts";
import { foldWords, likeness } from "./fold-words.ts";

/** English and Malay abbreviations in addresses. */
const longForms: Readonly<Record<string, string>> = {
  st: "street",
  str: "street",
  rd: "road",
  ave: "avenue",
  av: "avenue",
  blvd: "boulevard",
  ln: "lane",
  sq: "square",
  hwy: "highway",
  jln: "jalan",
  jl: "jalan",
  tmn: "taman",
  tman: "taman",
  lrg: "lorong",
  lor: "lorong",
  bdr: "bandar",
  bdar: "bandar",
  bndr: "bandar",
  kg: "kampung",
  kpg: "kampung",
  kws: "kawasan",
  ind: "perindustrian",
  sek: "seksyen",
  sec: "seksyen",
  section: "seksyen",
  bt: "batu",
  bkt: "bukit",
  sg: "sungai",
  sgi: "sungai",
  lbh: "lebuh",
  psn: "persiaran",
  sel: "selangor",
};
/** Words that do not identify a place and that receipts print or omit at will. */
const unsaid = new Set(
  "no lot unit block blk level lvl floor flr ground the of and d e darul ehsan takzim khusus malaysia".split(
    " ",
  ),
);

/** Returns the distinct normalised words and numbers of an address. */
export function addressWords(text: string): string[] {
  const words = foldWords(text).map((word) => longForms[word] ?? word);
  return [...new Set(words)].filter((word) => !unsaid.has(word));
}

/** An address of fewer words identifies a town, not a place. */
const minWords = 4;
/** A number identifies one door, whereas a word may be in every address of a town. */
const numberWeight = 2;
/** The minimum likeness of words, to allow for a misread character. */
const minLikeness = 0.7;
const minLettersToMisread = 5;
const minAgreement = 0.75;
const minNumbers = 0.6;

/** Whether the rows contain an address. The order of words is ignored, because receipts break addresses anywhere. */
export function isPrintedAddress(address: string, rows: readonly string[]): boolean {
  const words = addressWords(address);
  if (words.length < minWords) return false;
  const printed = new Set(addressWords(rows.join(" ")));
  const [numbers, names] = [words.filter(isNumber), words.filter((word) => !isNumber(word))];
  if (numbers.length === 0) return false;
  const found = numbers.filter((word) => printed.has(word)).length;
  if (found / numbers.length < minNumbers) return false;
  const named = names.filter((word) => hasWord(printed, word)).length;
  const whole = numberWeight * numbers.length + names.length;
  return (numberWeight * found + named) / whole >= minAgreement;
}

/** Receipts print less than directories store, for example only the street. */
const minPrintedWords = 3;
const minPrintedShare = 0.9;

/** Whether an address contains the words of printed rows. The rows must have at least a number and a street. */
export function hasPrinted(address: string, rows: readonly string[]): boolean {
  const printed = addressWords(rows.join(" "));
  if (printed.length < minPrintedWords || !printed.some(isNumber)) return false;
  const words = new Set(addressWords(address));
  if (printed.some((word) => isNumber(word) && !words.has(word))) return false;
  return printed.filter((word) => hasWord(words, word)).length / printed.length >= minPrintedShare;
}

function hasWord(printed: ReadonlySet<string>, word: string): boolean {
  if (printed.has(word)) return true;
  if (word.length < minLettersToMisread) return false;
  return [...printed].some((other) => likeness(word, other) >= minLikeness);
}

function isNumber(word: string): boolean {
  return /^\p{N}/u.test(word);
}

/** The maximum number of rows of an address, from the first that looks like one. */
const maxRows = 5;
/** A postcode with words, or a number with a slash as in Malaysian street names. */
const likeAddress = /(?<!\d)\d{5}(?!\d).*\p{L}{3}|\p{L}{3}.*(?<!\d)\d{5}(?!\d)|\d\/\d/u;
/** The door at the start of an address: `No. 12, `, `23, `, `Lot 5-1 `. */
const likeDoor =
  /^(?:(?:no|lot|unit|suite|block|blk|level)\b[ .:]*\p{L}{0,3}[ .]*\d|\p{L}?[.-]?\d{1,4}\p{L}?\s?[-,&/.]).*\p{L}{3}/iu;
/** Labels of rows that are printed next to an address and contain other numbers. */
const beside =
  /\b(?:tel|telephone|phone|h\/?p|fax|gst|sst|vat|tax|reg|roc|co|invoice|inv|receipt|rcpt|bill|doc|date|time|cashier|csh|table|total|thank|www|ref|slip|order)\b|@/iu;

/**
 * Returns the rows of the merchant's address: from the row with the door, or the first row that looks like an address,
 * to the last.
 */
export function addressRows(rows: readonly string[]): string[] {
  const first = rows.findIndex(isLikeAddress);
  if (first === -1) return [];
  const before = rows[first - 1] ?? "";
  const start = likeDoor.test(before) && !isBeside(before) ? first - 1 : first;
  const block = rows.slice(start, start + maxRows);
  const end = block.findIndex(isBeside);
  const own = end === -1 ? block : block.slice(0, end);
  return own.slice(0, own.findLastIndex(isLikeAddress) + 1);
}

function isLikeAddress(row: string): boolean {
  return !isBeside(row) && (kindsOfRow(row, 0).has("address") || likeAddress.test(row));
}

function isBeside(row: string): boolean {
  return beside.test(row) || daysIn(row).length > 0;
}
