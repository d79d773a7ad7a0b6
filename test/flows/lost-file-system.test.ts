import { execFile } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { collections } from "../../contract/collections.ts";
import { publishedLongAgo } from "../unit/collections/published-long-ago.ts";
import { eventually } from "./eventually.ts";
import { noMessageIsLeft, nothingWasRefused } from "./looking.ts";
import { heads } from "./published.ts";
import { isPublishedExactly } from "./published-exactly.ts";
import { ocrFiles } from "./receipt-rows.ts";
import { RunningStack } from "./running-stack.ts";
import { completed, send } from "./sending.ts";

jest.setTimeout(900_000);

const bakery = ocrFiles(["MILL BAKERY", "RYE BREAD 4.10", "TOTAL 4.10"]);
const pharmacy = ocrFiles(["NORTH PHARMACY", "PLASTERS 2.00"]);
let stack: RunningStack;
let bakeryRun: string;
let embedded: number;

beforeAll(async () => {
  // On a busy machine a rebuild may take longer than the usual half minute.
  stack = await RunningStack.start({ "verify:settleSeconds": "2", "compaction:timeoutSeconds": "120" });
  await send(stack, bakery);
  bakeryRun = await completed(stack, bakery);
  await noMessageIsLeft(stack);
  embedded = await stack.embeddingRequests();
});

afterAll(async () => {
  await stack?.stop();
});

async function loseAll(): Promise<void> {
  for (const collection of collections) {
    await publishedLongAgo({ client: stack.dynamo, controlTable: stack.outputs.controlTable }, collection);
  }
  for (const name of await readdir(stack.collectionsPath)) {
    await rm(join(stack.collectionsPath, name), { recursive: true });
  }
}

function npmRun(command: string, ...options: string[]): Promise<{ code: unknown; stdout: string }> {
  const file = join(import.meta.dirname, `../../cli/${command}.ts`);
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...options], { cwd: stack.folder }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout: stdout + stderr }),
    );
  });
}

test("F46: a running stack whose file system is emptied recovers all vectors, and embeds nothing", async () => {
  await loseAll();
  const before = await heads(stack);
  // As the schedule does every ten minutes: nothing else happens to this stack.
  const lambda = new LambdaClient({
    endpoint: stack.environment.AWS_ENDPOINT_URL ?? "",
    region: "us-east-1",
    credentials: {
      accessKeyId: stack.environment.AWS_ACCESS_KEY_ID ?? "",
      secretAccessKey: stack.environment.AWS_SECRET_ACCESS_KEY ?? "",
    },
  });
  const { Payload } = await lambda.send(
    new InvokeCommand({
      FunctionName: stack.outputs.functions.generations,
      Payload: Buffer.from(JSON.stringify({ operation: "check" })),
    }),
  );
  lambda.destroy();
  expect(JSON.parse(Buffer.from(Payload ?? []).toString())).toEqual({
    shards: [
      { shard: "lines", head: "lost" },
      { shard: "words", head: "lost" },
    ],
  });
  await eventually(240, async () => {
    expect(await heads(stack)).not.toEqual(before);
    await isPublishedExactly(stack, bakery, bakeryRun);
  });
  expect(await stack.embeddingRequests()).toBe(embedded);
});

test("a receipt that comes while the file system is empty is published too", async () => {
  await loseAll();
  await send(stack, pharmacy);
  const run = await completed(stack, pharmacy);
  await isPublishedExactly(stack, pharmacy, run);
  await isPublishedExactly(stack, bakery, bakeryRun);
});

test("`npm run generations -- COLLECTION --rebuild` publishes a generation from the deltas, and verify finds it clean", async () => {
  for (const collection of collections) {
    const { code, stdout } = await npmRun("generations", collection, "--rebuild");
    expect([code, stdout]).toEqual([0, expect.stringContaining("rebuilt from the deltas of 2 receipts")]);
  }
  expect(await npmRun("verify", "--numbers")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("Every vector is current."),
  });
});

test("no process of the stack was refused anything", () => nothingWasRefused(stack));
