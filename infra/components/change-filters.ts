/** Only receipts' items can matter. Patterns know no infix, so the processor tells their kinds apart. */
const receiptsKeys = { PK: { S: [{ prefix: "IMAGE#" }] }, SK: { S: [{ prefix: "RECEIPT#" }] } };

/**
 * The records of the receipts table's stream that invoke the processor: those that match one of these patterns.
 * A run counts when it is put, not when it is moved: most of its changes are compaction's own, and answering them would
 * be answering oneself. Its item before the change tells, as only runs are sure to have a TYPE. A mapping on a table
 * filters on `dynamodb` alone, not on the event's name, and `exists` sees leaves only.
 */
export const changeFilters = [
  /** The item is new, or a user's without a TYPE. */
  ofReceipts({ TYPE: { S: [{ exists: false }] } }),
  ofReceipts({ TYPE: { S: [{ "anything-but": ["COMPACTION_RUN"] }] } }),
];

/**
 * The same, of items whose TYPE is one of these only: those that were of such a TYPE and are not a run's, and those that
 * have become so. For tables whose every item has its TYPE.
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
