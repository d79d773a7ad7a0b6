import type { Collection } from "../receipts/receipt.ts";

/** The one item of a collection in the control table: its lease and its head. */
export function collectionKey(collection: Collection): { PK: string; SK: string } {
  return { PK: `COLLECTION#${collection}`, SK: "HEAD" };
}
