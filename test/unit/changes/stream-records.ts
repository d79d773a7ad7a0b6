export const image = "3f52804b-2fad-4e00-92c8-b593da3a8ed3";
export const run = "0123456789abcdef";

/** A record of a new run, as the stream delivers it; `changes` replaces parts of it. */
export function runRecord(
  changes: { eventName?: string; sortKey?: string; item?: object; sequence?: string } = {},
) {
  const sortKey = changes.sortKey ?? `RECEIPT#00007#COMPACTION_RUN#${run}`;
  const sequence = changes.sequence ?? "100";
  const keys = { PK: { S: `IMAGE#${image}` }, SK: { S: sortKey } };
  return {
    eventID: `event-${sequence}`,
    eventName: changes.eventName ?? "INSERT",
    eventSource: "aws:dynamodb",
    awsRegion: "eu-west-1",
    dynamodb: {
      ApproximateCreationDateTime: 1_790_000_000,
      Keys: keys,
      SequenceNumber: sequence,
      NewImage: {
        ...keys,
        image_id: { S: image },
        receipt_id: { N: "7" },
        run_id: { S: run },
        lines_delta_prefix: { S: `deltas/lines/${image}/receipt-00007/${run}` },
        words_delta_prefix: { S: `deltas/words/${image}/receipt-00007/${run}` },
        ...changes.item,
      },
    },
  };
}
