import type { SQSClient } from "@aws-sdk/client-sqs";
import { PutCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { FailedRuns } from "../../../core/failed/failed-runs.ts";
import { DynamoRunStore } from "../../../core/runs/dynamo-run-store.ts";
import { runKey } from "../../../core/runs/run-item.ts";
import { RunQueues } from "../../../core/runs/run-queues.ts";
import { DeadLetterSources } from "../../unit/failed/letter-queues.ts";
import { ManualClock } from "../../unit/resilience/clocks.ts";
import { makeCurrent } from "../../unit/runs/current.ts";
import { Tables } from "../../unit/runs/tables.ts";

const image = "3f52804b-2fad-4e00-92c8-b593da3a8ed3";
let tables: Tables;
let queues: DeadLetterSources;

beforeEach(async () => {
  tables = await Tables.start();
  queues = new DeadLetterSources();
});

afterEach(() => tables.stop());

function failedRuns(): FailedRuns {
  const client: SQSClient = queues.client;
  const queueUrls = { lines: ["lines"], words: ["words"] };
  return new FailedRuns({
    client: tables.client,
    sourceTable: tables.receiptsTable,
    controlTable: tables.controlTable,
    runs: new DynamoRunStore(tables),
    queues: new RunQueues({ client, queueUrls, region: "eu-west-1" }),
    clock: new ManualClock(),
  });
}

/** Opens a run, whose words are merged and whose lines failed; another one is only open. */
async function failOne(): Promise<void> {
  const runs = new DynamoRunStore(tables);
  for (const [receiptId, runId] of [
    [1, "bad"],
    [2, "good"],
  ] as const) {
    const run = { imageId: image, receiptId, runId };
    await makeCurrent(runs, run, { runId, revision: 1, attempt: 1 });
    await runs.open({ ...run, rejectedRows: 0, deltaPrefixes: { lines: "l", words: "w" } });
  }
  const bad = { imageId: image, receiptId: 1, runId: "bad" };
  await runs.start(bad, "lines", 1);
  await runs.fail(bad, "lines", 1, "The delta is corrupt.");
  await runs.start(bad, "words", 1);
  await runs.complete(bad, "words", 1, 3);
}

test("of all open runs those are listed that failed, with how often and why", async () => {
  await failOne();
  expect(await failedRuns().list(100)).toMatchObject({
    total: 1,
    things: [{ id: "bad", receipt_id: 1, reason: "lines, 1 times: The delta is corrupt." }],
  });
  expect(queues.calls).toEqual([]);
});

test("a retry opens the next attempt of the run and has both collections take it", async () => {
  await failOne();
  expect(await failedRuns().retry()).toEqual({ retried: 1, stayed: [], untouched: 0 });
  const run = await new DynamoRunStore(tables).find({ imageId: image, receiptId: 1, runId: "bad" });
  expect(run).toMatchObject({
    attempts: 2,
    halves: { lines: { state: "PENDING" }, words: { state: "PENDING" } },
  });
  expect([queues.in("lines"), queues.in("words")].map(({ length }) => length)).toEqual([1, 1]);
  expect((await failedRuns().list(100)).total).toBe(0);
});

test("a superseded run is closed by its redrive, and the current one is not touched", async () => {
  await failOne();
  const runs = new DynamoRunStore(tables);
  await makeCurrent(runs, { imageId: image, receiptId: 1 }, { runId: "newer", revision: 2, attempt: 1 });
  expect(await failedRuns().retry()).toMatchObject({ retried: 1 });
  expect(await runs.find({ imageId: image, receiptId: 1, runId: "bad" })).toMatchObject({ attempts: 1 });
  expect(queues.in("lines")).toMatchObject([{ body: expect.stringContaining('"bad"') }]);
});

test("a run whose message cannot be sent stays listed as open", async () => {
  await failOne();
  queues.failing = "SendMessage";
  expect(await failedRuns().retry()).toMatchObject({ retried: 0, stayed: [{ id: "bad" }] });
  expect(await tables.openRuns()).toHaveLength(2);
});

test("a purge takes what was listed off the list of open runs, and nothing else", async () => {
  await failOne();
  const runs = failedRuns();
  expect(await runs.purge(await runs.list(100))).toBe(1);
  expect((await runs.list(100)).total).toBe(0);
  expect(await tables.openRuns()).toEqual([expect.stringContaining("#good")]);
});

test("F26: an entry or a run that cannot be read is listed with its reason, and the others are retried", async () => {
  await failOne();
  const { client, controlTable, receiptsTable } = tables;
  const Key = runKey({ imageId: image, receiptId: 2, runId: "good" });
  await client.send(
    new UpdateCommand({
      TableName: receiptsTable,
      Key: { ...Key },
      UpdateExpression: "SET attempts = :x",
      ExpressionAttributeValues: { ":x": "two" },
    }),
  );
  await client.send(new PutCommand({ TableName: controlTable, Item: { PK: "OPEN#3", SK: "yesterday" } }));
  const { total, things } = await failedRuns().list(100);
  expect(total).toBe(3);
  expect(things.map(({ reason }) => reason)).toEqual(
    expect.arrayContaining([
      expect.stringContaining("attempts"),
      expect.stringContaining("OPEN#3 / yesterday"),
      "lines, 1 times: The delta is corrupt.",
    ]),
  );
  expect(await failedRuns().retry()).toMatchObject({ retried: 1, stayed: { length: 2 } });
});
