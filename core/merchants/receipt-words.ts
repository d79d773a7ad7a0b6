import { addressRows } from "./addresses.ts";
import { phonesIn } from "./phones.ts";
import { registrationsIn } from "./registrations.ts";
import { siteKey, sitesIn } from "./sites.ts";

/** A fact that OCR itself recognized: `extracted_data` of a word or line. */
export interface Extracted {
  readonly type: string;
  readonly value: string;
}

/** The printed facts of a receipt that may identify its merchant. */
export interface ReceiptWords {
  /** The first rows, which have the name and the address. */
  readonly head: readonly string[];
  readonly phones: readonly string[];
  /** Normalised keys of registrations. */
  readonly registrations: readonly string[];
  /** Normalised keys of sites. */
  readonly sites: readonly string[];
  /** The rows with the address; empty if no row looks like one. */
  readonly address: readonly string[];
}

/** Rows below have articles, prices and payments. */
const headRows = 16;
/** Receipts print telephones and registrations above or below the articles. */
const footRows = 8;

/** Reads the visual rows of a receipt, highest first. Facts from OCR precede, because OCR sees more than the text. */
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
