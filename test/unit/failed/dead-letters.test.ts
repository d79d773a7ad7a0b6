import type { LambdaClient } from "@aws-sdk/client-lambda";
import { ChangeDeadLetters } from "../../../core/failed/change-dead-letters.ts";
import { DeadLetters } from "../../../core/failed/dead-letters.ts";
import { EmbedDeadLetters } from "../../../core/failed/embed-dead-letters.ts";
import { ExportDeadLetters } from "../../../core/failed/export-dead-letters.ts";
import { DeadLetterSources, sentAt } from "./letter-queues.ts";

const image = "3f52804b-2fad-4e00-92c8-b593da3a8ed3";
const dead = "dead";
let queues: DeadLetterSources;

beforeEach(() => {
  queues = new DeadLetterSources();
});

const change = JSON.stringify({
  source: "dynamodb_stream",
  entity_type: "RECEIPT_METADATA",
  event_name: "MODIFY",
  entity_data: { image_id: image, receipt_id: 7 },
  changes: {},
  timestamp: "2026-11-25T10:00:00.000Z",
  stream_record_id: "event-1",
  aws_region: "eu-west-1",
  record_snapshot: null,
});
const source = { DataType: "String", StringValue: "dynamodb_stream" };
const failureReason = { DataType: "String", StringValue: "The delta file cannot be read." };

function changeDeadLetters(): DeadLetters {
  const kind = new ChangeDeadLetters({
    sqs: queues.client,
    queueUrls: ["lines"],
    compactionLogGroup: "/compaction",
  });
  return new DeadLetters("lines-dead-letters", { sqs: queues.client, url: dead }, kind);
}

function putChange(deduplicationId = "event-1"): string {
  return queues.put(dead, {
    body: change,
    groupId: "receipt-7",
    deduplicationId,
    attributes: { source, failure_reason: failureReason },
  });
}

describe("looking at dead letters", () => {
  test("lists each with its reason and subject, and returns every one to the queue", async () => {
    const id = putChange();
    queues.put(dead, { body: "no JSON", groupId: "receipt-7", deduplicationId: "event-2" });
    const { things, total } = await changeDeadLetters().list(100);
    expect(total).toBe(2);
    expect(things).toMatchObject([
      { id, image_id: image, receipt_id: 7, entity: "RECEIPT_METADATA", reason: failureReason.StringValue },
      { image_id: null, entity: "unknown", reason: expect.stringContaining("/compaction") },
    ]);
    expect(queues.in(dead).map(({ hidden }) => hidden)).toEqual([false, false]);
    expect(queues.calls).not.toContain("DeleteMessageBatch");
  });

  test("shows no more than was asked for, and says how many there are", async () => {
    for (let number = 0; number < 25; number += 1) putChange(`event-${number}`);
    const { things, total } = await changeDeadLetters().list(12);
    expect([things.length, total]).toEqual([12, 25]);
    expect(queues.in(dead).some(({ hidden }) => hidden)).toBe(false);
  });
});

describe("retrying a dead letter", () => {
  test("sends the same message to its group under another deduplication id, without the reason, then deletes it", async () => {
    putChange();
    expect(await changeDeadLetters().retry()).toEqual({ retried: 1, stayed: [], untouched: 0 });
    const [sent] = queues.in("lines");
    expect(sent).toMatchObject({ body: change, groupId: "receipt-7", attributes: { source } });
    expect(Object.keys(sent?.attributes ?? {})).toEqual(["source"]);
    expect(sent?.deduplicationId).not.toBe("event-1");
    expect(queues.in(dead)).toEqual([]);
    expect(queues.calls.indexOf("SendMessage")).toBeLessThan(queues.calls.indexOf("DeleteMessageBatch"));
  });

  test("that cannot be sent leaves it where it is, to be seen again", async () => {
    putChange();
    queues.failing = "SendMessage";
    const { retried, stayed } = await changeDeadLetters().retry();
    expect(retried).toBe(0);
    expect(stayed).toMatchObject([
      { image_id: image, reason: expect.stringContaining("SendMessage is refused") },
    ]);
    expect(queues.in(dead)).toMatchObject([{ hidden: false }]);
  });

  test("whose deletion fails loses nothing: it is sent and still in the DLQ", async () => {
    putChange();
    queues.failing = "DeleteMessageBatch";
    await expect(changeDeadLetters().retry()).rejects.toThrow("DeleteMessageBatch is refused");
    expect(queues.in("lines")).toHaveLength(1);
    expect(queues.in(dead)).toMatchObject([{ hidden: false }]);
  });

  test("that is no change message leaves it, with what is wrong with it", async () => {
    queues.put(dead, { body: "{}", groupId: "g", deduplicationId: "1" });
    const { stayed } = await changeDeadLetters().retry();
    expect(stayed).toMatchObject([{ reason: expect.stringMatching(/^It is not a change message: /) }]);
    expect(queues.in("lines")).toEqual([]);
  });

  test("that fails and returns to the DLQ at once is retried once", async () => {
    const id = putChange();
    const kind = new ChangeDeadLetters({ sqs: queues.client, queueUrls: [dead], compactionLogGroup: "" });
    const { retried } = await new DeadLetters(
      "loop",
      { sqs: queues.client, url: dead },
      {
        describe: (deadLetters) => kind.describe(deadLetters),
        sendAgain: (deadLetter) => kind.sendAgain(deadLetter),
        sentAs: (deadLetter) => kind.sentAs(deadLetter),
      },
    ).retry();
    expect(retried).toBe(1);
    expect(queues.in(dead)).toMatchObject([{ body: change, hidden: false }]);
    expect(queues.in(dead)[0]?.id).not.toBe(id);
  });
});

describe("retrying an embed message", () => {
  const message = {
    image_id: image,
    receipt_id: 7,
    artifacts_bucket: "artifacts",
    lines_key: "receipts/lines.ndjson",
    words_key: "receipts/words.ndjson",
  };
  const embedDeadLetters = () => {
    const reasons = { of: async () => () => "said by the log" } as unknown as ConstructorParameters<
      typeof EmbedDeadLetters
    >[0]["reasons"];
    const kind = new EmbedDeadLetters({ sqs: queues.client, queueUrl: "embed", reasons });
    return new DeadLetters("embed-ndjson-dead-letters", { sqs: queues.client, url: dead }, kind);
  };

  test("keeps its revision: what was exported since stays the newer content", async () => {
    queues.put(dead, { body: JSON.stringify({ ...message, exported_at: 5 }) });
    queues.put(dead, { body: JSON.stringify(message) });
    expect(await embedDeadLetters().list(100)).toMatchObject({ things: [{ reason: "said by the log" }, {}] });
    expect(await embedDeadLetters().retry()).toMatchObject({ retried: 2 });
    expect(queues.in("embed").map(({ body }) => JSON.parse(body).exported_at)).toEqual([5, sentAt]);
  });

  test("that is unusable stays, with every problem", async () => {
    queues.put(dead, { body: JSON.stringify({ ...message, receipt_id: "7" }) });
    const { stayed } = await embedDeadLetters().retry();
    expect(stayed).toMatchObject([{ reason: expect.stringMatching(/is invalid: .*receipt_id/) }]);
  });
});

test("a failed export is invoked again with its event; one without its event stays", async () => {
  const events: unknown[] = [];
  const lambda = {
    send: async ({ input }: { input: { Payload: Buffer; InvocationType: string } }) => {
      events.push([input.InvocationType, JSON.parse(input.Payload.toString())]);
      return { $metadata: { requestId: "new" } };
    },
  } as unknown as LambdaClient;
  const requestContext = { requestId: "old", condition: "RetriesExhausted" };
  const event = { image_id: image, receipt_id: 7, lines: [] };
  const responsePayload = { errorMessage: "There are no rows." };
  queues.put(dead, { body: JSON.stringify({ requestContext, requestPayload: event, responsePayload }) });
  queues.put(dead, { body: JSON.stringify({ requestContext }) });
  const deadLetters = new DeadLetters(
    "failed-exports",
    { sqs: queues.client, url: dead },
    new ExportDeadLetters(lambda, "export"),
  );
  expect((await deadLetters.list(100)).things).toMatchObject([
    { image_id: image, receipt_id: 7, reason: "There are no rows." },
    { image_id: null, reason: "RetriesExhausted" },
  ]);
  const { retried, stayed } = await deadLetters.retry();
  expect(retried).toBe(1);
  expect(stayed).toMatchObject([{ reason: expect.stringContaining("export the receipt again") }]);
  expect(events).toEqual([["Event", event]]);
});

test("a purge deletes what was listed, and keeps what arrived since", async () => {
  putChange();
  const deadLetters = changeDeadLetters();
  const listing = await deadLetters.list(100);
  const since = putChange("event-2");
  expect(await deadLetters.purge(listing)).toBe(1);
  expect(queues.in(dead)).toMatchObject([{ id: since, hidden: false }]);
});
