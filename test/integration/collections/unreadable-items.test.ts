import { DeleteCommand, PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import type { Delta } from "../../../core/deltas/delta.ts";
import { currentKey, runKey } from "../../../core/runs/run-item.ts";
import { maxMessageBytes } from "../../../core/text/cut-message.ts";
import { CompactionRig } from "../../unit/collections/compaction-rig.ts";
import { itemsOf } from "../../unit/collections/receipt-items.ts";
import { contentOf, deltaOf } from "../../unit/collections/sample-deltas.ts";

jest.setTimeout(120_000);

let rig: CompactionRig;
beforeEach(async () => {
  rig = await CompactionRig.start();
});
afterEach(() => rig.stop());

const good = deltaOf(1, "good", ["milk"]);
const bad = deltaOf(2, "bad", ["tea"]);

const queued = () => rig.sqs.at(rig.queues.queue).messages;
const deadLetters = () => rig.sqs.at(rig.queues.deadLetters).messages;

async function edit(table: string, key: object, expression: string, values: object): Promise<void> {
  await rig.tables.client.send(
    new UpdateCommand({
      TableName: table,
      Key: { ...key },
      UpdateExpression: expression,
      ExpressionAttributeValues: { ...values },
    }),
  );
}
const editRun = (delta: Delta, expression: string, values: object) =>
  edit(rig.tables.receiptsTable, runKey(delta), expression, values);
const editCurrent = (delta: Delta, expression: string, values: object) =>
  edit(rig.tables.controlTable, currentKey(delta), expression, values);

/** Cycles until the queue is empty, each of which has to succeed. */
async function compact(): Promise<void> {
  const parts = await rig.process();
  for (let cycles = 0; queued().length > 0; cycles += 1) {
    if (cycles > 10) throw new Error("The queue does not become empty.");
    await rig.invoke(parts);
    rig.sqs.reveal(rig.queues.queue);
  }
}

describe("F26: an item that cannot be read", () => {
  test.each([
    [
      "a run of another writer",
      () => editRun(bad, "SET lines_failures = :x", { ":x": "none" }),
      "lines_failures",
    ],
    [
      "a run whose attempts were edited",
      () => editRun(bad, "SET attempts = :x", { ":x": "two" }),
      "attempts",
    ],
    [
      "a run that names another receipt",
      () => editRun(bad, "SET receipt_id = :x", { ":x": 77 }),
      "its ids give the key",
    ],
    [
      "a run under a token of no lease",
      () => editRun(bad, "SET lines_token = :x, lines_shard = :y", { ":x": 99_999, ":y": "lines" }),
      "higher token",
    ],
    [
      "a CURRENT item whose revision is a text",
      () => editCurrent(bad, "SET revision = :x", { ":x": "new" }),
      "revision",
    ],
    [
      "a tombstone of a foreign key",
      () => editCurrent(bad, "SET removed = :x", { ":x": { "PAGE#1": 5 } }),
      "PAGE#1",
    ],
  ])(
    "%s fails alone, goes to the DLQ with its reason, and the others are published",
    async (_, spoil, reason) => {
      await rig.embed(good);
      await rig.embed(bad);
      await spoil();
      await rig.invoke(await rig.process());
      expect(await rig.published([good, bad])).toEqual(contentOf([good]));
      expect(await rig.stateOf(good)).toMatchObject({ state: "COMPLETED" });
      rig.sqs.reveal(rig.queues.queue);
      await compact();
      expect(deadLetters()).toHaveLength(1);
      const [letter] = deadLetters();
      expect(letter?.attributes.failure_reason).toContain(reason);
      expect(Buffer.byteLength(letter?.attributes.failure_reason ?? "")).toBeLessThanOrEqual(maxMessageBytes);
    },
  );

  test("its receipt's change message fails alone too, and is merged once the item is corrected", async () => {
    await rig.embed(bad);
    await compact();
    await editCurrent(bad, "SET revision = :x", { ":x": "new" });
    rig.announce([await rig.put(itemsOf(2).metadata, { merchant_name: "CAFE" })]);
    await rig.embed(good);
    await rig.invoke(await rig.process());
    expect(await rig.stateOf(good)).toMatchObject({ state: "COMPLETED" });
    expect(queued()).toHaveLength(1);
    await editCurrent(bad, "SET revision = :x", { ":x": 1 });
    rig.sqs.reveal(rig.queues.queue);
    await compact();
    const vectors = await rig.publishedVectors([good, bad]);
    expect(vectors.find(({ id }) => id === bad.ids[0])?.metadata).toMatchObject({ merchant_name: "CAFE" });
    expect(deadLetters()).toEqual([]);
  });

  test("a run that is edited after its start is published and fails alone at its completion", async () => {
    await rig.embed(good);
    await rig.embed(bad);
    const parts = await rig.process();
    const complete = parts.runs.complete.bind(parts.runs);
    jest.spyOn(parts.runs, "complete").mockImplementation(async (run, ...rest) => {
      if (run.runId === "bad") await editRun(bad, "SET rejected_rows = :x", { ":x": "none" });
      return complete(run, ...rest);
    });
    await rig.invoke(parts);
    expect(await rig.stateOf(good)).toMatchObject({ state: "COMPLETED" });
    expect(queued()).toHaveLength(1);
  });

  test("a count of failures that is no number starts from one, and its message ends in the DLQ", async () => {
    await rig.embed(bad);
    const deduplicationId = "event-bad";
    await rig.tables.client.send(
      new DeleteCommand({ TableName: rig.tables.receiptsTable, Key: { ...runKey(bad) } }),
    );
    await rig.tables.client.send(
      new PutCommand({
        TableName: rig.tables.controlTable,
        Item: { PK: "FAILURE#lines", SK: deduplicationId, failures: "many" },
      }),
    );
    await compact();
    expect(deadLetters()).toHaveLength(1);
  });

  test("a table that does not answer for one receipt has it redelivered, and counts nothing (F13)", async () => {
    await rig.embed(good);
    await rig.embed(bad);
    const parts = await rig.process();
    const start = parts.runs.start.bind(parts.runs);
    jest.spyOn(parts.runs, "start").mockImplementation(async (run, ...rest) => {
      if (run.runId === "bad") throw Object.assign(new Error("slow down"), { name: "ThrottlingException" });
      return start(run, ...rest);
    });
    await rig.invoke(parts);
    expect(await rig.stateOf(good)).toMatchObject({ state: "COMPLETED" });
    expect(await rig.stateOf(bad)).toMatchObject({ state: "PENDING", failures: 0 });
    expect(queued()).toHaveLength(1);
    const control = await rig.tables.items(rig.tables.controlTable);
    expect(control.filter(({ PK }) => String(PK).startsWith("FAILURE#"))).toEqual([]);
  });
});
