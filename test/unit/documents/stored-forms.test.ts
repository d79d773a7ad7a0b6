import { readFileSync } from "node:fs";
import { join } from "node:path";
import { messagesOf } from "../../../core/changes/messages-of.ts";
import { readChange } from "../../../core/changes/read-change.ts";
import { whole } from "../../../core/changes/watched.ts";
import { manifest, manifestText } from "../../../core/collections/generations/manifest.ts";
import { decodeIndex, encodeIndex } from "../../../core/collections/segments/base-index.ts";
import { digestOfState } from "../../../core/collections/segments/entry.ts";
import { decodeSegment, encodeSegment } from "../../../core/collections/segments/segment-file.ts";
import { decodeDelta, encodeDelta } from "../../../core/deltas/codec.ts";
import { deltaKey, deltaOfKey, deltaPrefix } from "../../../core/deltas/keys.ts";
import { documentModel } from "../../../core/documents/documents.ts";
import { readOpenRun } from "../../../core/runs/open-run.ts";
import { runIdOf } from "../../../core/runs/run-id.ts";
import { currentAttributes, currentKey, readCurrent, readRun, runKey } from "../../../core/runs/run-item.ts";

/** Written before the engine spoke of documents through their model. Stacks hold items and files in these forms. */
const stored = JSON.parse(readFileSync(join(import.meta.dirname, "stored-forms.json"), "utf8"));

const receipt = { imageId: "3f52804b-2fad-4e00-92c8-b593da3a8ed3", receiptId: 7 };
const word = "IMAGE#3f52804b-2fad-4e00-92c8-b593da3a8ed3#RECEIPT#00007#LINE#00001#WORD#00002";
const bytes = (base64: string) => Buffer.from(base64, "base64");
const time = "2026-01-02T03:04:05.000Z";

test("the same content still has the same run", () => {
  const content = {
    ...receipt,
    linesHash: "a".repeat(64),
    wordsHash: "b".repeat(64),
    model: "test-model",
    dimensions: 2,
    textFormat: "receipt-text/1",
  };
  expect(runIdOf(content)).toBe(stored.runId);
});

test("a delta is read, found under its key and written as before", () => {
  const delta = decodeDelta(bytes(stored.deltaFile));
  expect(delta).toMatchObject({ ...receipt, collection: "words", runId: stored.runId, ids: [word] });
  expect(encodeDelta(delta).toString("base64")).toBe(stored.deltaFile);
  expect(deltaKey(deltaPrefix(delta))).toBe(stored.deltaKey);
  expect(deltaOfKey(stored.deltaKey)).toEqual({ ...receipt, collection: "words", runId: stored.runId });
});

test("a segment, an index and a manifest are read and written as before", () => {
  const entries = decodeSegment(bytes(stored.segmentFile));
  const [published] = entries;
  expect(entries.map(({ document, gone }) => [document, gone])).toEqual([
    [receipt, false],
    [{ ...receipt, receiptId: 8 }, true],
  ]);
  if (published === undefined || published.gone) throw new Error("The first entry is published.");
  expect(published.facts.fields).toEqual({ merchant_name: "CAFE", place_id: "p" });
  expect(published.facts.labels.get(word)).toEqual(
    new Map([
      ["TOTAL", "VALID"],
      ["DATE", undefined],
    ]),
  );
  expect(digestOfState(published)).toBe(stored.digest);
  expect(encodeSegment(entries).toString("base64")).toBe(stored.segmentFile);

  const index = decodeIndex(bytes(stored.indexFile));
  expect([...index.keys()]).toEqual([documentModel.keyOf(receipt)]);
  expect(encodeIndex(index).toString("base64")).toBe(stored.indexFile);

  const { format: _, ...read } = manifest.parse(JSON.parse(stored.manifest)) as {
    format: string;
  } & Parameters<typeof manifestText>[0];
  expect(JSON.parse(manifestText(read))).toEqual(JSON.parse(stored.manifest));
});

test("a run, its open entry and CURRENT are read and written as before", () => {
  const run = readRun(stored.run);
  expect(run).toMatchObject({ ...receipt, runId: stored.runId, attempts: 1 });
  expect(runKey(run)).toEqual({ PK: stored.run.PK, SK: stored.run.SK });
  expect(readOpenRun(stored.openRun)).toMatchObject({ ...receipt, runId: stored.runId, createdAt: time });
  const current = readCurrent(stored.current);
  expect(current.removed).toEqual(new Map([["LINE#00002", 2000]]));
  expect({ ...currentKey(receipt), ...currentAttributes(current, current.version) }).toEqual(stored.current);
  expect(documentModel.ofControlKey(stored.current.PK)).toEqual(receipt);
});

test("every change of a watched entity gives the same messages", () => {
  const sent = stored.records.flatMap((record: unknown, position: number) => {
    const change = readChange(record, whole);
    if (change.kind !== "change") throw new Error(`The record is ${change.kind}.`);
    const messages = messagesOf(change);
    if ("malformed" in messages) throw new Error(messages.malformed as string);
    return [...messages].map(([collection, { shardKey, traceparent: _, ...message }]) => {
      expect(shardKey).toBe(receipt.imageId);
      return { record: position, collection, ...message };
    });
  });
  expect(sent).toEqual(stored.messages);
});

test("the messages that no stream record announces are the same", () => {
  const run = { ...receipt, runId: stored.runId };
  const runMessage = documentModel.runMessage({
    run,
    collection: "lines",
    deltaPrefix: stored.run.lines_delta_prefix,
    deduplicationId: "d",
    timestamp: time,
    awsRegion: "eu-west-1",
  });
  expect(runMessage).toMatchObject({ ...stored.runMessage, shardKey: receipt.imageId });
  const lookAgain = documentModel.lookAgainMessage(receipt, "words", time, "eu-west-1");
  expect(lookAgain).toMatchObject({ ...stored.lookAgain, shardKey: receipt.imageId });
});

test("a message is read as the change that it announces", () => {
  const changes = stored.messages.map(({ body }: { body: string }) => documentModel.readMessage(body));
  const at = Date.parse(JSON.parse(stored.messages[0].body).timestamp) + 999;
  const line = "LINE#00001";
  expect(changes).toEqual([
    { document: receipt, isLookAgain: false },
    { document: receipt, isLookAgain: false },
    { document: receipt, isLookAgain: false },
    ...["DOCUMENT", "DOCUMENT", line, line, `${line}#WORD#00002`].map((part) => ({
      document: receipt,
      removed: { part, at },
      isLookAgain: false,
    })),
  ]);
  expect(documentModel.readMessage(stored.lookAgain.body)).toEqual({ document: receipt, isLookAgain: true });
  expect(documentModel.readMessage(stored.runMessage.body)).toEqual({
    document: receipt,
    run: { runId: stored.runId, deltaPrefix: stored.run.lines_delta_prefix },
    isLookAgain: false,
  });
});
