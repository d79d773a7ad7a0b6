import { marshall } from "@aws-sdk/util-dynamodb";
import type { QueuePublisher } from "../../../core/changes/queue-publisher.ts";
import type { ChangeMessage } from "../../../core/entities/change-message.ts";
import { replay } from "../../../core/failed/replay-stream-record.ts";
import { image, sortKeys, streamRecord } from "../changes/stream-records.ts";

type Item = Record<string, unknown>;
let sent: { lines: ChangeMessage[]; words: ChangeMessage[] };

beforeEach(() => {
  sent = { lines: [], words: [] };
});

function ports(itemNow?: Item) {
  const into = (messages: ChangeMessage[]) =>
    [{ send: async (some: ChangeMessage[]) => void messages.push(...some) }] as unknown as QueuePublisher[];
  return {
    queues: { lines: into(sent.lines), words: into(sent.words) },
    itemNow: async ({ PK, SK }: { PK: string; SK: string }) => itemNow && marshall({ PK, SK, ...itemNow }),
  };
}

const label = sortKeys.RECEIPT_WORD_LABEL;
const malformed = streamRecord(label, { after: { validation_status: 7 } });

test("a valid record is replayed as it was, under its own id and time", async () => {
  const record = streamRecord(label, { after: { validation_status: "VALID" } });
  expect(await replay(record, ports())).toBeUndefined();
  expect(sent.lines).toEqual([]);
  expect(sent.words).toMatchObject([
    { shardKey: image, deduplicationId: expect.stringContaining("event-100") },
  ]);
  expect(JSON.parse(sent.words[0]?.body ?? "")).toMatchObject({
    event_name: "INSERT",
    timestamp: "2026-09-21T14:13:20.000Z",
  });
});

test("a malformed one whose item was corrected publishes the current item", async () => {
  expect(await replay(malformed, ports({ validation_status: "VALID" }))).toBeUndefined();
  expect(sent.words).toHaveLength(1);
});

test("one that is still malformed stays, with its reason", async () => {
  expect(await replay(malformed, ports({ validation_status: 8 }))).toContain("validation_status");
  expect(sent.words).toEqual([]);
});

test("a malformed one whose item is gone is done with: its removal was a record of its own", async () => {
  expect(await replay(malformed, ports())).toBeUndefined();
  expect(sent.words).toEqual([]);
});

test("a malformed removal stays: it must be sent whatever the item is now", async () => {
  const record = streamRecord(sortKeys.RECEIPT_WORD, { before: {} });
  const undated = { ...record, dynamodb: { ...record.dynamodb, ApproximateCreationDateTime: "today" } };
  expect(await replay(undated, ports())).toContain("ApproximateCreationDateTime");
});

test("a record of no known key stays while its item is there", async () => {
  const record = streamRecord("RECEIPT#7#METADATA", { after: { merchant_name: "Nobody" } });
  expect(await replay(record, ports({ merchant_name: "Nobody" }))).toContain("matches no known key");
});
