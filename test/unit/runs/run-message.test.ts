import { changeMessageBody } from "../../../core/entities/change-message.ts";
import { runMessage } from "../../../core/entities/run-message.ts";
import { redriveId } from "../../../core/runs/run-queues.ts";
import { image, receipt } from "../receipts/rows-of.ts";

const input = {
  run: { ...receipt, runId: "0a1b" },
  collection: "words",
  deltaPrefix: `deltas/words/${image}/receipt-00001/0a1b`,
  deduplicationId: "event-1",
  timestamp: "2026-03-01T12:00:00.000Z",
  awsRegion: "us-east-1",
  streamRecordId: "event-1",
} as const;

test("the body is the change message of the design, and its schema reads it", () => {
  const body = JSON.parse(runMessage(input).body);
  expect(body).toEqual({
    source: "dynamodb_stream",
    entity_type: "COMPACTION_RUN",
    entity_data: { image_id: image, receipt_id: 1, run_id: "0a1b", delta_prefix: input.deltaPrefix },
    changes: {},
    event_name: "INSERT",
    timestamp: "2026-03-01T12:00:00.000Z",
    stream_record_id: "event-1",
    aws_region: "us-east-1",
    record_snapshot: null,
  });
  expect(changeMessageBody.parse(body)).toEqual(body);
});

test("a receipt's messages share a group, and the attributes name the collection", () => {
  const message = runMessage(input);
  expect(message.groupId).toBe(`IMAGE#${image}#RECEIPT#00001`);
  expect(message.deduplicationId).toBe("event-1");
  expect(
    Object.entries(message.messageAttributes).map(([name, { StringValue }]) => [name, StringValue]),
  ).toEqual([
    ["source", "dynamodb_stream"],
    ["entity_type", "COMPACTION_RUN"],
    ["event_name", "INSERT"],
    ["collection", "words"],
  ]);
});

test("each attempt of a redriven run is its own message, and so is each redrive", () => {
  expect(redriveId("0a1b", 2, 1)).toBe("0a1b-2");
  expect(redriveId("0a1b", 2, 3)).toBe("0a1b-2-3");
});
