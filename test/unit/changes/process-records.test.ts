import {
  ChangesNotQueuedError,
  processRecords,
  type RecordDeps,
} from "../../../core/changes/process-records.ts";
import {
  type OutgoingMessage,
  type QueuePublisher,
  QueueRejectedError,
} from "../../../core/changes/queue-publisher.ts";
import { whole } from "../../../core/changes/watched.ts";
import { shardOf } from "../../../core/documents/shards.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { image, runRecord, sortKeys, streamRecord } from "./stream-records.ts";

function queue(refuse: (message: OutgoingMessage) => boolean = () => false, isPoison = false) {
  const messages: OutgoingMessage[] = [];
  const send = async (outgoing: readonly OutgoingMessage[]) => {
    const refused = new Map<number, { reason: string; isPoison: boolean }>();
    for (const [position, message] of outgoing.entries()) {
      if (refuse(message)) refused.set(position, { reason: "refused", isPoison });
      else messages.push(message);
    }
    if (refused.size > 0) throw new QueueRejectedError("https://queue", refused);
  };
  return { messages, publisher: { send } as unknown as QueuePublisher };
}

function stage(refuseWords?: (message: OutgoingMessage) => boolean, isPoison = false) {
  const [lines, words, rejected] = [queue(), queue(refuseWords, isPoison), queue()];
  const logged: Record<string, unknown>[] = [];
  const keep = (message: string, fields: object = {}) => void logged.push({ message, ...fields });
  const counts: Record<string, number> = {};
  const services: RecordDeps = {
    collections: { lines: [lines.publisher], words: [words.publisher] },
    rejected: rejected.publisher,
    watched: whole,
    log: { debug: keep, info: keep, warn: keep, error: keep },
    metrics: { ...silentMetrics, count: (name, value) => (counts[name] = value) },
  };
  return { lines, words, rejected, counts, logged, services };
}

const metadata = (sequence: string, merchant = "CAFE", of = image) =>
  streamRecord(sortKeys.RECEIPT_METADATA, { after: { merchant_name: merchant } }, sequence, of);

describe("records of the receipts table's stream", () => {
  test("go to the collections that have to look, each message once", async () => {
    const { lines, words, services } = stage();
    const label = streamRecord(sortKeys.RECEIPT_WORD_LABEL, { after: { validation_status: "VALID" } }, "3");
    expect(await processRecords([runRecord("1"), metadata("2"), label], services)).toBeUndefined();
    expect(lines.messages.map(({ deduplicationId }) => deduplicationId)).toEqual(["event-1", "event-2"]);
    expect(words.messages.map(({ deduplicationId }) => deduplicationId)).toEqual([
      "event-1",
      "event-2",
      "event-3",
    ]);
  });

  test("the same record makes the same messages, so a retry is a duplicate to the queue", async () => {
    const [once, again] = [stage(), stage()];
    for (const { services } of [once, again]) await processRecords([runRecord(), metadata("7")], services);
    expect(again.words.messages).toEqual(once.words.messages);
  });

  test.each([
    [
      "a key that matches none",
      streamRecord("RECEIPT#00007#METADATA#2", { after: {} }),
      "matches no known key",
    ],
    ["a run of another type", runRecord("100", { receipt_id: "7" }), "receipt_id"],
    ["a run that its key does not name", runRecord("100", { receipt_id: 8 }), "do not match its key"],
    ["a run without a delta", runRecord("100", { words_delta_prefix: null }), "words_delta_prefix"],
    ["F26: a run of another writer, without attempts", runRecord("100", { attempts: undefined }), "attempts"],
    ["F26: a run in a state of its own", runRecord("100", { lines_state: "QUEUED" }), "lines_state"],
    [
      "a record of no time",
      {
        ...metadata("100"),
        dynamodb: { ...metadata("100").dynamodb, ApproximateCreationDateTime: 1e300 },
      },
      "Invalid time value",
    ],
    [
      "metadata with a number for a name",
      streamRecord(sortKeys.RECEIPT_METADATA, { after: { merchant_name: 7 } }),
      "merchant_name",
    ],
    [
      "a label that its key does not name",
      streamRecord(sortKeys.RECEIPT_WORD_LABEL, { after: { label: "DATE" } }),
      "DATE",
    ],
    [
      "a label that would take the key of another value",
      streamRecord(`${sortKeys.RECEIPT_WORD}#LABEL#status`, { after: { validation_status: "VALID" } }),
      "label_status",
    ],
    [
      "an item that is no typed JSON",
      {
        ...metadata("100"),
        dynamodb: { ...metadata("100").dynamodb, NewImage: { merchant_name: { X: 1 } } },
      },
      "cannot be read",
    ],
    [
      "a change without the item before it",
      { ...metadata("100"), eventName: "MODIFY" },
      "came without its item",
    ],
  ])("F8: %s goes whole to the rejected queue, and the rest of the batch is sent", async (_, bad, reason) => {
    const { lines, rejected, counts, services } = stage();
    expect(await processRecords([bad, runRecord("101")], services)).toBeUndefined();
    expect(lines.messages).toHaveLength(1);
    const body = JSON.parse(rejected.messages[0]?.body ?? "");
    expect(body.reason).toContain(reason);
    expect(body.record).toEqual(bad);
    expect(counts).toMatchObject({ RecordsRejected: 1, RecordsRelevant: 1 });
  });

  test("F8: a record too large for a message leaves its images behind and still does not block", async () => {
    const { rejected, services } = stage();
    const record = streamRecord("RECEIPT#x", { after: { note: "x".repeat(1_100_000) } });
    await processRecords([record], services);
    expect(JSON.parse(rejected.messages[0]?.body ?? "")).toMatchObject({
      images_left_out: true,
      record: { dynamodb: { SequenceNumber: "100" } },
    });
  });

  test("F7, F14: the answer is the first record that is not in all of its queues", async () => {
    const { services, counts } = stage((message) =>
      ["event-3", "event-4"].includes(message.deduplicationId ?? ""),
    );
    const other = streamRecord("OCR#00007", { after: {} }, "1");
    const records = [other, metadata("2"), metadata("3"), metadata("4")];
    expect(await processRecords(records, services)).toBe(2);
    expect(counts).toMatchObject({ MessagesSent: 4, MessagesRefused: 2 });
  });

  test("are counted, each as one of relevant, skipped and rejected", async () => {
    const { counts, services } = stage();
    const records = [
      runRecord("1"),
      metadata("2"),
      streamRecord("OCR#00007", { after: {} }, "3"),
      streamRecord("RECEIPT#00007#METADATA#2", { after: {} }, "4"),
      streamRecord("RECEIPT#00007#LINE#00001#WORD#00001#LETTER#00001", { after: {} }, "5"),
      streamRecord("RECEIPT#00007#SUMMARY", { after: {} }, "6"),
    ];
    await processRecords(records, services);
    expect(counts).toEqual({
      RecordsReceived: 6,
      RecordsRelevant: 2,
      RecordsSkipped: 1,
      RecordsOfOthers: 2,
      RecordsRejected: 1,
      MessagesSent: 5,
      MessagesRefused: 0,
    });
  });

  test("F39: what a queue refuses for its content goes to the rejected queue, and blocks no other", async () => {
    const { services, counts, words, rejected, logged } = stage(
      (message) => message.deduplicationId === "event-2",
      true,
    );
    expect(await processRecords([runRecord("1"), metadata("2"), metadata("3")], services)).toBeUndefined();
    expect(words.messages.map(({ deduplicationId }) => deduplicationId)).toEqual(["event-1", "event-3"]);
    expect(JSON.parse(rejected.messages[0]?.body ?? "")).toMatchObject({
      reason: "refused",
      record: { eventID: "event-2" },
    });
    expect(counts).toMatchObject({ RecordsRejected: 1, MessagesSent: 6, MessagesRefused: 0 });
    expect(logged).toContainEqual({
      message: "A stream record was rejected and goes to the rejected queue",
      reason: "refused",
      event_id: "event-2",
      image_id: image,
      pk: `IMAGE#${image}`,
      sk: sortKeys.RECEIPT_METADATA,
    });
  });

  test("F39: an outage of all queues fails the batch as a whole, so that the stream delivers it again", async () => {
    const { services } = stage();
    const down = { send: queue(() => true).publisher.send.bind(undefined) } as unknown as QueuePublisher;
    const outage = { ...services, collections: { lines: [down], words: [down] } };
    await expect(processRecords([metadata("1"), metadata("2")], outage)).rejects.toThrow(
      ChangesNotQueuedError,
    );
  });

  test("a batch is one line in the log, with the first twenty receipts", async () => {
    const { services, logged } = stage();
    const records = Array.from({ length: 25 }, (_, n) =>
      streamRecord(
        `RECEIPT#${String(n + 1).padStart(5, "0")}#METADATA`,
        { after: { merchant_name: "CAFE" } },
        String(n),
      ),
    );
    await processRecords([...records, streamRecord("RECEIPT#00001#SUMMARY", { after: {} }, "30")], services);
    expect(logged).toEqual([
      {
        message: "Stream batch done",
        received: 26,
        relevant: 25,
        skipped: 0,
        of_others: 1,
        rejected: 0,
        sent: 50,
        refused: 0,
        receipts: Array.from(
          { length: 20 },
          (_, n) => `IMAGE#${image}#RECEIPT#${String(n + 1).padStart(5, "0")}`,
        ),
      },
    ]);
  });

  test("of a receipt's image go to one group, in any number of records", async () => {
    const { words, services } = stage();
    await processRecords([runRecord("1"), metadata("2")], services);
    expect(new Set(words.messages.map(({ groupId }) => groupId))).toEqual(
      new Set([`IMAGE#${image}#RECEIPT#00007`]),
    );
  });
});

describe("records of a stack whose collections are split", () => {
  const images = Array.from(
    { length: 12 },
    (_, n) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
  );
  const records = images.map((imageId, n) => metadata(String(n), "CAFE", imageId));
  const sentTo = (collection: "lines" | "words", shard: string) =>
    images.flatMap((imageId, n) => (shardOf(collection, imageId, 2) === shard ? [`event-${n}`] : []));

  function split(refuse?: (message: OutgoingMessage) => boolean) {
    const { services, counts } = stage();
    const queues = { lines: [queue(), queue()], words: [queue(), queue(refuse)] };
    const collections = {
      lines: queues.lines.map(({ publisher }) => publisher),
      words: queues.words.map(({ publisher }) => publisher),
    };
    return { queues, counts, services: { ...services, collections } };
  }

  test("go to the queue of their image's shard in each collection, and are counted as ever", async () => {
    const { queues, counts, services } = split();
    expect(await processRecords(records, services)).toBeUndefined();
    for (const collection of ["lines", "words"] as const) {
      const sent = queues[collection].map(({ messages }) =>
        messages.map((message) => message.deduplicationId),
      );
      expect(sent).toEqual([
        sentTo(collection, `${collection}-1of2`),
        sentTo(collection, `${collection}-2of2`),
      ]);
      expect(sent.every((ids) => ids.length > 0)).toBe(true);
    }
    expect(counts).toMatchObject({ RecordsRelevant: 12, MessagesSent: 24, MessagesRefused: 0 });
  });

  test("F7, F14: what one shard's queue refuses is reported by the position of its record in the batch", async () => {
    const [, , refused = ""] = sentTo("words", "words-2of2");
    const { queues, counts, services } = split(({ deduplicationId }) => deduplicationId === refused);
    expect(await processRecords(records, services)).toBe(Number(refused.replace("event-", "")));
    expect(counts).toMatchObject({ MessagesSent: 23, MessagesRefused: 1 });
    expect(queues.lines.flatMap(({ messages }) => messages)).toHaveLength(12);
  });
});
