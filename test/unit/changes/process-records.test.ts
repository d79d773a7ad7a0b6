import { processRecords } from "../../../core/changes/process-records.ts";
import {
  type OutgoingMessage,
  type QueuePublisher,
  QueueRejected,
} from "../../../core/changes/queue-publisher.ts";
import { silentLog } from "../../../core/log.ts";
import { runMessageBody } from "../../../core/runs/run-message.ts";
import { image, run, runRecord } from "./stream-records.ts";

function queue(refuse: (message: OutgoingMessage) => boolean = () => false) {
  const messages: OutgoingMessage[] = [];
  const send = async (outgoing: readonly OutgoingMessage[]) => {
    const refused = new Map<number, string>();
    for (const [position, message] of outgoing.entries()) {
      if (refuse(message)) refused.set(position, "refused");
      else messages.push(message);
    }
    if (refused.size > 0) throw new QueueRejected("https://queue", refused);
  };
  return { messages, publisher: { send } as unknown as QueuePublisher };
}

function queues(refuseWords?: (message: OutgoingMessage) => boolean) {
  const lines = queue();
  const words = queue(refuseWords);
  const rejected = queue();
  const publishers = {
    collections: { lines: lines.publisher, words: words.publisher },
    rejected: rejected.publisher,
  };
  return { lines, words, rejected, publishers };
}

describe("records of the receipts table's stream", () => {
  test("a new run becomes one message a collection, each with its own delta", async () => {
    const { lines, words, publishers } = queues();
    expect(await processRecords([runRecord()], publishers, silentLog)).toBeUndefined();
    for (const [collection, { messages }] of [
      ["lines", lines],
      ["words", words],
    ] as const) {
      const [message] = messages;
      expect(messages).toHaveLength(1);
      expect(message?.groupId).toBe(`IMAGE#${image}#RECEIPT#00007`);
      expect(message?.deduplicationId).toBe("event-100");
      expect(message?.messageAttributes.collection?.StringValue).toBe(collection);
      const body = runMessageBody.parse(JSON.parse(message?.body ?? ""));
      expect(body).toMatchObject({
        entity_data: {
          image_id: image,
          receipt_id: 7,
          run_id: run,
          delta_prefix: `deltas/${collection}/${image}/receipt-00007/${run}`,
        },
        event_name: "INSERT",
        timestamp: "2026-09-21T14:13:20.000Z",
        stream_record_id: "event-100",
        aws_region: "eu-west-1",
        record_snapshot: { run_id: run, receipt_id: 7 },
      });
    }
  });

  test("the same record makes the same messages, so a retry is a duplicate to the queue", async () => {
    const once = queues();
    const again = queues();
    await processRecords([runRecord()], once.publishers, silentLog);
    await processRecords([runRecord()], again.publishers, silentLog);
    expect(again.lines.messages).toEqual(once.lines.messages);
  });

  test("a snapshot over 64 KiB is left out", async () => {
    const { lines, publishers } = queues();
    await processRecords([runRecord({ item: { note: { S: "x".repeat(70_000) } } })], publishers, silentLog);
    expect(JSON.parse(lines.messages[0]?.body ?? "").record_snapshot).toBeNull();
  });

  test("F16: what compaction writes to a run is passed over", async () => {
    const { lines, words, rejected, publishers } = queues();
    const records = [
      runRecord({ eventName: "MODIFY" }),
      runRecord({ eventName: "REMOVE" }),
      runRecord({ sortKey: "RECEIPT#00007#METADATA" }),
      runRecord({ sortKey: "OCR#00007" }),
    ];
    expect(await processRecords(records, publishers, silentLog)).toBeUndefined();
    expect([...lines.messages, ...words.messages, ...rejected.messages]).toEqual([]);
  });

  test.each([
    ["a key that matches none", { sortKey: "RECEIPT#00007#SOMETHING" }, "matches no known key"],
    ["an item of another type", { item: { receipt_id: { S: "7" } } }, "receipt_id"],
    ["an item that its key does not name", { item: { receipt_id: { N: "8" } } }, "not those of its key"],
    ["an item without a delta", { item: { words_delta_prefix: { NULL: true } } }, "words_delta_prefix"],
  ])("F8: %s goes whole to the rejected queue, and its batch-mates go on", async (_, changes, reason) => {
    const { lines, rejected, publishers } = queues();
    const bad = runRecord({ ...changes, sequence: "99" });
    expect(await processRecords([bad, runRecord()], publishers, silentLog)).toBeUndefined();
    expect(lines.messages).toHaveLength(1);
    const body = JSON.parse(rejected.messages[0]?.body ?? "");
    expect(body.reason).toContain(reason);
    expect(body.record).toEqual(bad);
  });

  test("F8: a record too large for a message leaves its images behind and still does not block", async () => {
    const { rejected, publishers } = queues();
    const item = { note: { S: "x".repeat(1_100_000) } };
    await processRecords([runRecord({ sortKey: "RECEIPT#x", item })], publishers, silentLog);
    expect(JSON.parse(rejected.messages[0]?.body ?? "")).toMatchObject({
      images_left_out: true,
      record: { dynamodb: { SequenceNumber: "100" } },
    });
  });

  test("F7: the answer is the first record that is not in all of its queues", async () => {
    const { publishers } = queues((message) =>
      ["event-3", "event-4"].includes(message.deduplicationId ?? ""),
    );
    const records = [
      runRecord({ sequence: "1", eventName: "MODIFY" }),
      runRecord({ sequence: "2" }),
      runRecord({ sequence: "3" }),
      runRecord({ sequence: "4" }),
    ];
    expect(await processRecords(records, publishers, silentLog)).toBe(2);
  });
});
