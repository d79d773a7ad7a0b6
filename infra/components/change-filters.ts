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

function ofReceipts(before: object) {
  return { dynamodb: { Keys: receiptsKeys, OldImage: before } };
}
