import { addressRows } from "./addresses.ts";
import { phonesIn } from "./phones.ts";
import { registrationsIn } from "./registrations.ts";
import { siteKey, sitesIn } from "./sites.ts";

/** What OCR itself took for a fact: `extracted_data` of a word or line. */
export interface Extracted {
  readonly type: string;
  readonly value: string;
}

/** What a receipt says of its merchant, as it prints it. */
export interface ReceiptWords {
  /** The first rows: whose receipt it is, and where. */
  readonly head: readonly string[];
  readonly phones: readonly string[];
  /** Keys of registrations. */
  readonly registrations: readonly string[];
  /** Keys of sites. */
  readonly sites: readonly string[];
  /** The rows that print the address; empty where none look like one. */
  readonly address: readonly string[];
}

/** Below are articles, prices and what was paid. */
const headRows = 16;
/** Receipts print telephones and registrations above or below what was bought. */
const footRows = 8;

/** Reads the visual rows of a receipt, highest first. What OCR extracted comes first, since it has seen more than text. */
export function receiptWords(rows: readonly string[], extracted: readonly Extracted[] = []): ReceiptWords {
  const head = rows.slice(0, headRows);
  const edges = [...head, ...rows.slice(Math.max(headRows, rows.length - footRows))];
  const of = (type: string) => extracted.filter((one) => one.type === type).map(({ value }) => value);
  const printedAddress = of("address");
  return {
    head,
    phones: unique([...of("phone"), ...phonesIn(edges)]),
    registrations: registrationsIn(edges),
    sites: unique([...of("url").map(siteKey), ...sitesIn(rows)]).filter((key) => key !== ""),
    address: printedAddress.length > 0 ? printedAddress : addressRows(head),
  };
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}
