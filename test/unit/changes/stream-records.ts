import { marshall } from "@aws-sdk/util-dynamodb";

export const image = "3f52804b-2fad-4e00-92c8-b593da3a8ed3";
export const run = "0123456789abcdef";

/** Sort key of each entity of one receipt. */
export const sortKeys = {
  COMPACTION_RUN: `RECEIPT#00007#COMPACTION_RUN#${run}`,
  RECEIPT_METADATA: "RECEIPT#00007#METADATA",
  RECEIPT_PLACE: "RECEIPT#00007#PLACE",
  RECEIPT_WORD_LABEL: "RECEIPT#00007#LINE#00002#WORD#00003#LABEL#TOTAL",
  RECEIPT: "RECEIPT#00007",
  RECEIPT_LINE: "RECEIPT#00007#LINE#00002",
  RECEIPT_WORD: "RECEIPT#00007#LINE#00002#WORD#00003",
} as const;

type Item = Record<string, unknown>;

/** A record as the stream delivers it: an INSERT without `before`, a REMOVE without `after`, else a MODIFY. */
export function streamRecord(
  sortKey: string,
  { before, after }: { before?: Item; after?: Item },
  sequence = "100",
  imageId = image,
) {
  const keys = { PK: `IMAGE#${imageId}`, SK: sortKey };
  const imageOf = (item: Item) => marshall({ ...keys, ...item }, { removeUndefinedValues: true });
  return {
    eventID: `event-${sequence}`,
    eventName: before && after ? "MODIFY" : before ? "REMOVE" : "INSERT",
    eventSource: "aws:dynamodb",
    awsRegion: "eu-west-1",
    dynamodb: {
      ApproximateCreationDateTime: 1_790_000_000,
      Keys: marshall(keys),
      SequenceNumber: sequence,
      ...(before && { OldImage: imageOf(before) }),
      ...(after && { NewImage: imageOf(after) }),
    },
  };
}

export const runItem = {
  TYPE: "COMPACTION_RUN",
  image_id: image,
  receipt_id: 7,
  run_id: run,
  lines_delta_prefix: `deltas/lines/${image}/receipt-00007/${run}`,
  words_delta_prefix: `deltas/words/${image}/receipt-00007/${run}`,
  attempts: 1,
  rejected_rows: 0,
  created_at: "2026-11-22T05:00:00.000Z",
  updated_at: "2026-11-22T05:00:00.000Z",
  lines_state: "PENDING",
  words_state: "PENDING",
  lines_token: 0,
  words_token: 0,
  lines_failures: 0,
  words_failures: 0,
};

/** A record of a new run; `item` replaces attributes of it. */
export function runRecord(sequence = "100", item: Item = {}) {
  return streamRecord(sortKeys.COMPACTION_RUN, { after: { ...runItem, ...item } }, sequence);
}
