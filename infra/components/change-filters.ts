import { collections } from "../../contract/collections.ts";

/** Only items of receipts are relevant. Filter patterns support no infix match, so the processor distinguishes their types. */
const receiptsKeys = { PK: { S: [{ prefix: "IMAGE#" }] }, SK: { S: [{ prefix: "RECEIPT#" }] } };

/**
 * A record of the receipts table's stream invokes the processor if it matches one of these patterns.
 * Inserts of runs are relevant and updates are not: compaction itself makes most of them, and would answer its own
 * changes. The old image distinguishes the two, because only runs always have a TYPE. A mapping on a table
 * filters on `dynamodb` alone, not on the event name, and `exists` matches leaf nodes only.
 */
export const changeFilters = [
  /** A new item, or a user's item without a TYPE. */
  ofReceipts({ TYPE: { S: [{ exists: false }] } }),
  ofReceipts({ TYPE: { S: [{ "anything-but": ["COMPACTION_RUN"] }] } }),
];

/** A run whose half of `lines` becomes COMPLETED: its vectors can be searched. Compaction writes this once per attempt. */
export const publishedRunFilter = ofReceipts(
  { TYPE: { S: ["COMPACTION_RUN"] }, lines_state: { S: [{ "anything-but": ["COMPLETED"] }] } },
  { lines_state: { S: ["COMPLETED"] } },
);

/**
 * A run of which a half becomes COMPLETED or FAILED, for each collection. That of `lines` matches all that `publishedRunFilter` does: a
 * mapping has at most five filters.
 */
export const settledRunFilters = collections.map((collection) => {
  const state = `${collection}_state`;
  return ofReceipts(
    { TYPE: { S: ["COMPACTION_RUN"] }, [state]: { S: [{ "anything-but": ["COMPLETED"] }] } },
    { [state]: { S: ["COMPLETED", "FAILED"] } },
  );
});

/**
 * `changeFilters`, restricted to items whose TYPE is one of these: by the old image for all but runs, and by the new image. For
 * tables in which every item has a TYPE.
 */
export function changeFiltersByType(types: readonly string[]): object[] {
  const changing = types.filter((type) => type !== "COMPACTION_RUN");
  const known = ["COMPACTION_RUN", ...changing];
  return [
    ...(changing.length > 0 ? [ofReceipts({ TYPE: { S: changing } })] : []),
    ofReceipts({ TYPE: { S: [{ exists: false }] } }, { TYPE: { S: types } }),
    ofReceipts({ TYPE: { S: [{ "anything-but": known }] } }, { TYPE: { S: types } }),
  ];
}

function ofReceipts(before: object, after?: object) {
  return { dynamodb: { Keys: receiptsKeys, OldImage: before, ...(after && { NewImage: after }) } };
}
