import * as z from "zod";
import { wellFormedText } from "../text/well-formed-text.ts";
import type { WordRow } from "./rows.ts";
import type { ExtractedMetadata } from "./vector-metadata.ts";

/** What OCR took for a fact. Rows with another form of it are none the worse. */
const extracted = z.object({ type: z.string(), value: z.union([z.string(), z.number()]).nullish() });

type Key = keyof ExtractedMetadata;

/** The metadata key of each type of fact, and its normalisation, which returns an empty text for an invalid value. */
const factOf: ReadonlyMap<string, readonly [Key, (text: string) => string]> = new Map([
  ["phone", ["normalized_phone_10", normalizedPhone]],
  ["address", ["normalized_full_address", normalizedAddress]],
  ["url", ["normalized_url", normalizedUrl]],
]);

/** Longer values are no telephone, address or URL, and would be stored with every search of them. */
const maxLength = 500;

/** The facts that OCR extracted of these words, the first of each type. */
export function extractedFacts(words: readonly WordRow[]): ExtractedMetadata {
  const facts: { -readonly [Name in Key]?: string } = {};
  for (const word of words) {
    const { data } = extracted.safeParse(word.extracted_data);
    const [key, normalized] = factOf.get(data?.type.toLowerCase() ?? "") ?? [];
    if (key === undefined || normalized === undefined || facts[key] !== undefined) continue;
    const text = wellFormedText(String(data?.value ?? "") || word.text).normalize("NFKC");
    const value = text.length > maxLength ? "" : normalized(text);
    if (value !== "") facts[key] = value;
  }
  return facts;
}

const phoneDigits = 10;

/**
 * Returns the last ten digits of a telephone number, which omits the country code of ten-digit numbers such as in North
 * America.
 */
function normalizedPhone(text: string): string {
  const digits = text.replace(/\D/gu, "").slice(-phoneDigits);
  return digits.length < phoneDigits || new Set(digits).size === 1 ? "" : digits;
}

const shortForms: ReadonlyMap<string, string> = new Map([
  ["STREET", "ST"],
  ["ROAD", "RD"],
  ["AVENUE", "AVE"],
  ["BOULEVARD", "BLVD"],
  ["DRIVE", "DR"],
  ["LANE", "LN"],
  ["HIGHWAY", "HWY"],
  ["PARKWAY", "PKWY"],
  ["SUITE", "STE"],
  ["APARTMENT", "APT"],
]);
const aroundWords = /^[,.;:|/\\-]+|[,.;:|/\\-]+$/gu;

/** An address in capitals, with one blank between words, no punctuation around them and the short form of kinds of streets. */
function normalizedAddress(text: string): string {
  const words = text
    .toUpperCase()
    .split(/\s+/u)
    .map((word) => word.replace(aroundWords, ""));
  return words
    .filter((word) => word !== "")
    .map((word) => shortForms.get(word) ?? word)
    .join(" ");
}

/**
 * Returns the host of a URL in lower case without `www.`, and its path without query and last slash; `/` if there is
 * none.
 */
function normalizedUrl(text: string): string {
  const hasScheme = /^[a-z]+:\/\//iu.test(text.trim());
  // A mailbox, not a site.
  if (!hasScheme && text.includes("@")) return "";
  const url = URL.parse(hasScheme ? text.trim() : `http://${text.trim()}`);
  if (url === null || url.hostname === "") return "";
  const path = url.pathname.replace(/\/+/gu, "/").replace(/(?<=.)\/$/u, "");
  return url.host.replace(/^www\./u, "") + path;
}
