import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { collections } from "../../contract/collections.ts";
import type { ReceiptRef } from "../../core/receipts/receipt.ts";
import type { CompactionRun } from "../../core/runs/compaction-run.ts";
import { openKey } from "../../core/runs/run-item.ts";
import { currentRunOf } from "../unit/runs/current.ts";
import { logSays, noMessageIsLeft, nothingWasRefused } from "./looking.ts";
import { currentStates, runsOf } from "./published.ts";
import { isPublishedExactly } from "./published-exactly.ts";
import { ocrFiles } from "./receipt-rows.ts";
import { RunningStack } from "./running-stack.ts";
import { completed, send } from "./sending.ts";

jest.setTimeout(300_000);

const hoursAgo = new Date(Date.now() - 12 * 3_600_000).toISOString();
let stack: RunningStack;

beforeAll(async () => {
  const settings = {
    "ingest:maxOpenRuns": "1",
    "ingest:deferSeconds": "2",
    "sweep:everyMinutes": "1",
    "sweep:redrives": "2",
  };
  stack = await RunningStack.start(settings, 5_000);
});

afterAll(async () => {
  await stack?.stop();
});

test("F13 more receipts than may be open wait in the embed queue, and each is published exactly once", async () => {
  const receipts = ["MILL BAKERY", "NORTH PHARMACY", "QUAY MARKET", "ROSE CAFE"].map((shop) =>
    ocrFiles([shop, "TOTAL 4.10"]),
  );
  await send(stack, ...receipts);
  for (const files of receipts) await isPublishedExactly(stack, files, await completed(stack, files));
  await logSays(stack, stack.outputs.logGroups.embed, '"messages are deferred"');
  await noMessageIsLeft(stack);
});

test("F5 the scheduled sweeper redrives a run whose messages were lost", async () => {
  const files = ocrFiles(["LANTERN INN", "SOUP 7.20"]);
  await send(stack, files);
  await completed(stack, files);
  await openForHours(files, 0);
  expect(await currentStates(stack, files)).toMatchObject({ lines: "PENDING", words: "PENDING" });
  await isPublishedExactly(stack, files, await completed(stack, files));
  await logSays(stack, stack.outputs.logGroups.sweeper, '"sent again"');
});

test("F5 a run that no sending has helped is given up into FAILED, with the reason on it, and counted for people", async () => {
  const files = ocrFiles(["FERRY OFFICE", "TICKET 3.00"]);
  await send(stack, files);
  await completed(stack, files);
  const { runId } = await openForHours(files, 2);
  await sweep();
  const given = await runsOf(stack).find({ ...files, receiptId: 1, runId });
  for (const collection of collections) {
    expect(given?.halves[collection]).toMatchObject({
      state: "FAILED",
      error: expect.stringContaining("sent again 2 times"),
    });
  }
  await logSays(stack, stack.outputs.logGroups.sweeper, "{ $.RunsGivenUp = 1 }");
});

test("F6 deltas of current runs are checked and kept", async () => {
  await logSays(stack, stack.outputs.logGroups.sweeper, '"Deltas swept"');
  expect(await stack.logged(stack.outputs.logGroups.sweeper, '"were removed"')).toEqual([]);
});

test("no process of the stack was refused anything", () => nothingWasRefused(stack));

/** As the schedule does, but now, and until it is done. */
async function sweep(): Promise<void> {
  const lambda = new LambdaClient({
    endpoint: stack.environment.AWS_ENDPOINT_URL ?? "",
    region: stack.outputs.region,
    credentials: { accessKeyId: "local", secretAccessKey: "local" },
  });
  const { FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: stack.outputs.functions.sweeper }),
  );
  lambda.destroy();
  expect(FunctionError).toBeUndefined();
}

/** The receipt's current run as a crash leaves it: open at its next attempt for hours, without a message in a queue. */
async function openForHours(files: { imageId: string }, redrives: number): Promise<CompactionRun> {
  const receipt: ReceiptRef = { imageId: files.imageId, receiptId: 1 };
  const runs = runsOf(stack);
  const [current, run] = [await runs.current(receipt), await currentRunOf(runs, receipt)];
  if (!current || !run) throw new Error("The receipt has no current run.");
  const attempt = run.attempts + 1;
  await runs.moveCurrent(receipt, current, { ...current, attempt });
  await runs.reopen(run, attempt);
  await stack.dynamo.send(
    new UpdateCommand({
      TableName: stack.outputs.controlTable,
      Key: openKey(run.runId, run.createdAt),
      UpdateExpression: "SET opened_at = :then, swept_at = :then, redrives = :redrives, sent = :redrives",
      ExpressionAttributeValues: { ":then": hoursAgo, ":redrives": redrives },
    }),
  );
  return run;
}
