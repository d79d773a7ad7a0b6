import { addressWords } from "./addresses.ts";
import { isTelling, legalName, nameKey } from "./names.ts";
import { phoneKey } from "./phones.ts";
import type { ReceiptWords } from "./receipt-words.ts";

/** A query to a directory of places. */
export interface PlaceQuery {
  /** The normalised query; queries with the same key have the same answer. */
  readonly key: string;
  readonly text: string;
}

/** Telephones are queried first, because each one identifies one place. */
const maxPhones = 2;
const maxTextLength = 300;

/** Returns the queries for the merchant of a receipt, best first: its telephones, then its name with its address. */
export function placeQueries({ head, phones, address }: ReceiptWords): PlaceQuery[] {
  const ofPhones = phones
    .slice(0, maxPhones)
    .map((phone) => ({ key: `phone:${phoneKey(phone)}`, text: phone }))
    .filter(({ key }) => key !== "phone:");
  const [firstOfAddress] = address;
  const above = firstOfAddress === undefined ? head : head.slice(0, head.indexOf(firstOfAddress));
  const title = titleOf(above);
  if (title === undefined) return ofPhones;
  const text = [title, ...address].join(", ").slice(0, maxTextLength);
  const key = `address:${[nameKey(title), ...addressWords(address.join(" "))].join(" ").slice(0, maxTextLength)}`;
  return [...ofPhones, { key, text }];
}

/** Rows above the name that do not identify the merchant. */
const courtesy =
  /\b(?:thank|thanks|tq|welcome|terima kasih|goods sold|please|tax invoice|receipt|copy|feedback|customer|invoice|duplicate|reprint)\b/iu;

/**
 * Returns the row with a legal form, with the row before it if it contains nothing else. Without a legal form, returns
 * the first row that can be a name.
 */
function titleOf(rows: readonly string[]): string | undefined {
  const legal = rows.findIndex(legalName);
  if (legal !== -1) {
    const row = rows[legal] ?? "";
    const before = rows[legal - 1];
    return isTelling(nameKey(row)) || before === undefined ? row : `${before} ${row}`;
  }
  return rows.find((row) => isTelling(nameKey(row)) && !courtesy.test(row));
}
