import { randomUUID } from "node:crypto";
import { publishedRunMessage } from "../../../core/changes/published-run-message.ts";
import { settledRunMessage } from "../../../core/changes/settled-run-message.ts";
import { sortRecords } from "../../../core/changes/sort-records.ts";
import { whole } from "../../../core/changes/watched.ts";
import { PublishedRunInvalidError, parsePublishedRun } from "../../../core/entities/published-run.ts";
import { streamRecord } from "./stream-records.ts";

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

test("a run is settled when a half of it becomes COMPLETED or FAILED, in either collection", () => {
  const halves = (lines: string, words: string) => ({ lines_state: { S: lines }, words_state: { S: words } });
  const change = (before: object, after: object, sortKey?: string) => {
    const { dynamodb, ...one } = record("PENDING", "PENDING", sortKey);
    return { ...one, dynamodb: { ...dynamodb, OldImage: before, NewImage: after } };
  };
  const open = halves("PENDING", "PROCESSING");
  for (const after of [halves("COMPLETED", "PROCESSING"), halves("PENDING", "FAILED")]) {
    expect(parsePublishedRun(settledRunMessage(change(open, after))?.body ?? "")).toMatchObject({
      run_id: "run-1",
    });
    expect(settledRunMessage(change(after, after))).toBeUndefined();
    expect(settledRunMessage(change(after, open))).toBeUndefined();
    expect(settledRunMessage(change(open, after, "RECEIPT#00002#PLACE"))).toBeUndefined();
  }
  const both = [change(halves("PROCESSING", "PENDING"), halves("COMPLETED", "PENDING"))];
  const { boxes, relevant } = sortRecords(both, whole, ["published", "settled"]);
  expect([boxes.published.positions, boxes.settled.positions, relevant]).toEqual([[0], [0], 1]);
});

test("F66: what is written to embedding_status of lines and words is no change that anything answers", () => {
  for (const sortKey of ["RECEIPT#00002#LINE#00001", "RECEIPT#00002#LINE#00001#WORD#00001"]) {
    const [before, after] = [{ embedding_status: "NONE" }, { embedding_status: "SUCCESS" }];
    const written = streamRecord(sortKey, { before, after });
    const { boxes, skipped } = sortRecords([written], whole, ["published", "settled"]);
    expect([Object.values(boxes).flatMap(({ messages }) => messages), skipped]).toEqual([[], 1]);
  }
});

test("without anybody who waits for it, it goes nowhere", () => {
  const records = [record("PROCESSING", "COMPLETED")];
  expect(sortRecords(records, whole, ["published"]).boxes.published.positions).toEqual([0]);
  expect(sortRecords(records, whole).boxes.published.messages).toEqual([]);
});

test.each([
  "",
  "[]",
  '{"image_id":"x","receipt_id":1,"run_id":"r"}',
  `{"image_id":"${imageId}","receipt_id":0,"run_id":"r"}`,
])("%j names no run", (body) => expect(() => parsePublishedRun(body)).toThrow(PublishedRunInvalidError));
