import { randomUUID } from "node:crypto";
import { publishedRunMessage } from "../../../core/changes/published-run-message.ts";
import { sortRecords } from "../../../core/changes/sort-records.ts";
import { whole } from "../../../core/changes/watched.ts";
import { PublishedRunInvalidError, parsePublishedRun } from "../../../core/entities/published-run.ts";

const imageId = randomUUID();

function record(before: string | undefined, after: string, sortKey = "RECEIPT#00002#COMPACTION_RUN#run-1") {
  return {
    eventID: "e",
    eventName: before === undefined ? "INSERT" : "MODIFY",
    dynamodb: {
      Keys: { PK: { S: `IMAGE#${imageId}` }, SK: { S: sortKey } },
      NewImage: { lines_state: { S: after } },
      ...(before !== undefined && { OldImage: { lines_state: { S: before } } }),
    },
  };
}

test("a run that becomes COMPLETED in lines is announced, by its ids alone", () => {
  const message = publishedRunMessage(record("PROCESSING", "COMPLETED"));
  const run = { image_id: imageId, receipt_id: 2, run_id: "run-1" };
  expect(parsePublishedRun(message?.body ?? "")).toEqual(run);
});

test.each([
  ["was COMPLETED before", record("COMPLETED", "COMPLETED")],
  ["is not COMPLETED", record("PENDING", "PROCESSING")],
  ["is new", record(undefined, "COMPLETED")],
  ["is no run", record("PROCESSING", "COMPLETED", "RECEIPT#00002#METADATA")],
  ["is no record", {}],
])("one that %s is not", (_, one) => expect(publishedRunMessage(one)).toBeUndefined());

test("without anybody who waits for it, it goes nowhere", () => {
  const records = [record("PROCESSING", "COMPLETED")];
  expect(sortRecords(records, whole, true).boxes.published.positions).toEqual([0]);
  expect(sortRecords(records, whole).boxes.published.messages).toEqual([]);
});

test.each([
  "",
  "[]",
  '{"image_id":"x","receipt_id":1,"run_id":"r"}',
  `{"image_id":"${imageId}","receipt_id":0,"run_id":"r"}`,
])("%j names no run", (body) => expect(() => parsePublishedRun(body)).toThrow(PublishedRunInvalidError));
