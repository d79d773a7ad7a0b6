import { daysIn } from "../receipts/typed/dates.ts";

const label =
  /\b(?:tele?(?:phone|fon)?|phone|ph|h\/?p|handphone|mobile|mob|call|hotline|care ?line|whats ?app|contact)\b|\bt ?:|电话|電話|☎/iu;
/** A fax number follows, until the next label. Directories do not list fax numbers. */
const fax = /\b(?:fax|faks)\b|\bf ?:/iu;
/** The label of a number for both telephone and fax. */
const both = /\btel(?:ephone)?\.?\s*[/&]\s*fax\b/iu;
/** Labels of rows whose numbers are not telephone numbers. */
const otherNumbers =
  /\b(?:gst|tax|vat|sst|reg|roc|invoice|inv|receipt|rcpt|bill|slip|doc|ref|trans|trn|order|member|card|approval|batch|account|acc|qty)\b/iu;
const number = /(?<![\p{L}\p{N}.])[+(]*\d[\d\s().-]{4,22}\d(?![\p{L}\p{N}%])/gu;
const minDigits = 7;
const maxDigits = 15;

const maxDayLength = "02-01-2018".length;

/** The maximum number of digits of a country code and its leading zeros. */
const maxPrefix = 4;
/** Shorter suffixes of numbers match by chance. */
const minShared = 8;

/**
 * Returns the digits of a telephone number in any width and script, without the leading plus and zeros; empty if it is
 * not one.
 */
export function phoneKey(text: string): string {
  const digits = text.normalize("NFKC").replace(/\D/gu, "").replace(/^0+/, "");
  return digits.length >= minDigits && digits.length <= maxDigits ? digits : "";
}

/** Whether two telephone numbers are the same: equal, or equal except for a country code. */
export function isSamePhone(one: string, other: string): boolean {
  const [shorter = "", longer = ""] = [phoneKey(one), phoneKey(other)].sort((a, b) => a.length - b.length);
  if (shorter === "") return false;
  if (shorter === longer) return true;
  return (
    shorter.length >= minShared && longer.length - shorter.length <= maxPrefix && longer.endsWith(shorter)
  );
}

/** Returns the telephone numbers in rows as printed: after a label, or alone in their row. */
export function phonesIn(rows: readonly string[]): string[] {
  const found = rows.flatMap((row) => phonesOf(row.normalize("NFKC")));
  return [...new Map(found.map((phone) => [phoneKey(phone), phone])).values()];
}

function phonesOf(row: string): string[] {
  const text = row.replace(both, " tel ").split(fax)[0] ?? "";
  const isLabelled = label.test(text);
  const isAlone = /^[\s(]*[+0]/u.test(text) && !/\p{L}/u.test(text) && daysIn(text).length === 0;
  if (!isLabelled && !isAlone) return [];
  if (otherNumbers.test(text)) return [];
  return (text.match(number) ?? [])
    .map((printed) => printed.replace(/[\s(.-]+$/u, "").trim())
    .filter((printed) => phoneKey(printed) !== "" && !isDay(printed))
    .filter((printed) => isLabelled || /[\s()-]/u.test(printed));
}

/** Whether a number is a date such as `02-01-2018` and nothing more. */
function isDay(printed: string): boolean {
  return printed.length <= maxDayLength && daysIn(printed).length > 0;
}
