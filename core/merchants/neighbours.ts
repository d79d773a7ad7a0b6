import { agreement } from "./agreement.ts";
import type { Candidate, MerchantFacts } from "./candidate.ts";
import { isTelling, nameKey } from "./names.ts";
import type { ReceiptWords } from "./receipt-words.ts";
import { registrationsIn } from "./registrations.ts";

/** A receipt with a known merchant, and its rows that a search found. */
export interface Neighbour {
  /** The key of the receipt. */
  readonly receipt: string;
  readonly facts: MerchantFacts;
  readonly rows: readonly string[];
}

/** Each query is one search. */
const maxQueries = 8;
const titles = 3;
const maxQueryLength = 200;

/**
 * Returns the rows to search for receipts of the same merchant: rows with its name, and rows that only its receipts
 * contain.
 */
export function headerQueries({ head, phones, registrations, sites, address }: ReceiptWords): string[] {
  const rowOf = (found: (row: string) => boolean) => head.find(found);
  const telling = head.filter((row) => isTelling(nameKey(row))).slice(0, titles);
  const ofRegistrations = head.filter((row) =>
    registrationsIn([row]).some((key) => registrations.includes(key)),
  );
  const ofPhones = phones.map((phone) => rowOf((row) => row.normalize("NFKC").includes(phone)) ?? phone);
  const queries = [
    ...ofRegistrations.slice(0, 2),
    ...ofPhones.slice(0, 2),
    ...telling,
    ...sites.slice(0, 1),
    ...address.slice(0, 2),
  ];
  return [...new Set(queries.map((query) => query.slice(0, maxQueryLength)))].slice(0, maxQueries);
}

/** Returns the merchants of receipts that share evidence with a receipt. */
export function similarCandidates(words: ReceiptWords, neighbours: readonly Neighbour[]): Candidate[] {
  return neighbours.flatMap(({ facts, rows }): Candidate[] => {
    const evidence = agreement(words, facts, rows);
    return evidence.length === 0 ? [] : [{ source: "similar_receipts", facts, evidence, support: 1 }];
  });
}

/** A row of a receipt with a known merchant. */
export interface KnownRow {
  readonly receipt: string;
  readonly facts: MerchantFacts;
  readonly row: string;
}

/** Groups the rows that searches found by receipt. */
export function neighboursOf(found: readonly KnownRow[]): Neighbour[] {
  return Array.from(
    Map.groupBy(found, ({ receipt }) => receipt),
    ([receipt, rows]) => ({
      receipt,
      facts: (rows[0] as KnownRow).facts,
      rows: [...new Set(rows.map(({ row }) => row))],
    }),
  );
}
