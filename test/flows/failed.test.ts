import { execFile } from "node:child_process";
import { join } from "node:path";
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { Listed, RetriedSource } from "../../cli/failed/operations.ts";
import { deltaKey } from "../../core/deltas/keys.ts";
import { enqueue, uploadOcrFiles } from "../../core/ingest/export-receipt.ts";
import { redriveDocument } from "../../core/runs/redrive-document.ts";
import { RunQueues } from "../../core/runs/run-queues.ts";
import { streamRecord } from "../unit/changes/stream-records.ts";
import { currentRunOf } from "../unit/runs/current.ts";
import { eventually } from "./eventually.ts";
import { noMessageIsLeft, nothingWasRefused } from "./looking.ts";
import { runsOf } from "./published.ts";
import { isPublishedExactly } from "./published-exactly.ts";
import { keysOf, put } from "./receipt-items.ts";
import { ocrFiles } from "./receipt-rows.ts";
import { RunningStack } from "./running-stack.ts";
import { completed, send } from "./sending.ts";
import { shows } from "./showing.ts";

jest.setTimeout(300_000);

const shop = ocrFiles(["HARBOUR BOOKSHOP", "ATLAS 24.00", "TOTAL 24.00"]);
const cafe = ocrFiles(["RIVERSIDE CAFE", "SOUP 7.20"]);
const late = ocrFiles(["NIGHT KIOSK", "WATER 1.20"]);
const label = keysOf(shop).label(3, 2, "TOTAL");
const removedWord = keysOf(shop).word(2, 1);
let stack: RunningStack;
let deltaOfCafe: { readonly key: string; readonly content: Uint8Array };

beforeAll(async () => {
  stack = await RunningStack.start();
  await send(stack, shop, cafe);
  for (const files of [shop, cafe]) await completed(stack, files);
});

afterAll(async () => {
  await stack?.stop();
});

/** `npm run failed -- ...`, and what it answers. */
function failed(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const command = join(import.meta.dirname, "../../cli/failed.ts");
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [command, ...args], { cwd: stack.folder }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
    child.stdin?.end();
  });
}

/** What each source holds, of those that hold anything. */
async function listed(): Promise<Record<string, readonly string[]>> {
  const all: Listed[] = JSON.parse((await failed("--json")).stdout);
  return Object.fromEntries(
    all.flatMap((one) => {
      if ("error" in one) throw new Error(`${one.name}: ${one.error}`);
      expect(one.total).toBe(one.things.length);
      return one.total === 0 ? [] : [[one.name, one.things.map(({ reason }) => reason)]];
    }),
  );
}

async function exportWithoutRows(): Promise<void> {
  const { artifactsBucket, embedQueueUrl } = stack.outputs;
  const message = await uploadOcrFiles(stack.s3, artifactsBucket, late);
  await stack.s3.send(new DeleteObjectCommand({ Bucket: artifactsBucket, Key: message.lines_key }));
  await enqueue(stack.sqs, embedQueueUrl, [message]);
}

async function damageDelta(): Promise<void> {
  const { deltasBucket: Bucket, linesQueueUrls, wordsQueueUrls, region } = stack.outputs;
  const runs = runsOf(stack);
  const run = await currentRunOf(runs, cafe);
  const Key = deltaKey(run?.halves.lines.deltaPrefix ?? "");
  const { Body } = await stack.s3.send(new GetObjectCommand({ Bucket, Key }));
  deltaOfCafe = { key: Key, content: (await Body?.transformToByteArray()) ?? new Uint8Array() };
  await stack.s3.send(new PutObjectCommand({ Bucket, Key, Body: "no delta" }));
  const queueUrls = { lines: linesQueueUrls, words: wordsQueueUrls };
  const queues = new RunQueues({ client: stack.sqs, queueUrls, region });
  await redriveDocument({ runs, queues }, cafe, new Date().toISOString());
}

/** As Lambda writes it after the last try of a stream batch. */
async function giveUpRemoval(): Promise<void> {
  const { deltasBucket: Bucket, streamGivenUpPrefix } = stack.outputs;
  const record = streamRecord(removedWord.SK, { before: {} }, "7", shop.imageId);
  record.dynamodb.ApproximateCreationDateTime = Math.floor(Date.now() / 1000);
  const invocation = {
    requestContext: { requestId: "1", condition: "RetryAttemptsExhausted", approximateInvokeCount: 4 },
    timestamp: new Date().toISOString(),
    payload: JSON.stringify({ Records: [record] }),
  };
  await stack.s3.send(
    new PutObjectCommand({ Bucket, Key: `${streamGivenUpPrefix}1`, Body: JSON.stringify(invocation) }),
  );
}

const everything = {
  "embed-ndjson-dead-letters": [expect.stringContaining("There is no object")],
  "lines-dead-letters": [expect.stringContaining("The delta file cannot be read")],
  "stream-rejected": [expect.stringContaining("validation_status")],
  "stream-given-up": ["RetryAttemptsExhausted after 4 tries"],
  "failed-runs": [expect.stringContaining("The delta file cannot be read")],
};

test("failures are listed with their reasons, each time", async () => {
  expect(await failed()).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Nothing in embed-ndjson/),
  });
  await exportWithoutRows();
  await damageDelta();
  await put(stack, label, { validation_status: 7 });
  await giveUpRemoval();

  await eventually(150, async () => expect(await listed()).toEqual(everything));
  const { code, stdout } = await failed();
  expect(code).toBe(1);
  expect(stdout).toContain(late.imageId);
  expect(stdout).toContain("RECEIPT_WORD line 2 word 1");
  expect(await listed()).toEqual(everything);
});

test("what is still malformed stays with its reason when it is retried", async () => {
  const { code, stdout } = await failed("stream-rejected", "--retry", "--json");
  expect(code).toBe(1);
  const [rejected] = JSON.parse(stdout) as RetriedSource[];
  expect(rejected).toMatchObject({
    retried: 0,
    stayed: [{ image_id: shop.imageId, reason: expect.stringContaining("validation_status") }],
  });
  expect(await listed()).toEqual(everything);
});

test("F36: a retry before the cause is fixed reports what failed again, with its reason", async () => {
  const { code, stdout } = await failed("embed-ndjson-dead-letters", "--retry");
  expect(stdout).toMatch(/^embed-ndjson-dead-letters: 1 sent again, 1 failed again$/m);
  expect(stdout).toContain("There is no object");
  expect(stdout).toMatch(/^1 failed again\.$/m);
  expect(code).toBe(1);
});

test("F36: an export that a later one superseded is no failure, and is listed for who misses it", async () => {
  const { artifactsBucket, embedQueueUrl } = stack.outputs;
  const older = ocrFiles(["RIVERSIDE CAFE", "SOUP 6.90"], cafe.imageId);
  const message = await uploadOcrFiles(stack.s3, artifactsBucket, older);
  await enqueue(stack.sqs, embedQueueUrl, [{ ...message, exported_at: Date.now() - 86_400_000 }]);
  await eventually(60, async () => {
    const { code, stdout } = await failed("--superseded", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual([expect.objectContaining({ image_id: cafe.imageId })]);
  });
});

test("after the cause is fixed, a retry replays everything, and nothing is left", async () => {
  const { artifactsBucket, deltasBucket } = stack.outputs;
  await uploadOcrFiles(stack.s3, artifactsBucket, late);
  const { key: Key, content: Body } = deltaOfCafe;
  await stack.s3.send(new PutObjectCommand({ Bucket: deltasBucket, Key, Body }));
  await put(stack, label, { validation_status: "VALID" });

  const { code, stdout } = await failed("--retry");
  expect(stdout).toContain("lines-dead-letters: 1 sent again");
  expect(stdout).toMatch(/^Nothing failed again\.$/m);
  expect(code).toBe(0);

  for (const files of [late, cafe]) await isPublishedExactly(stack, files, await completed(stack, files));
  await shows(stack, shop, {
    words: { "#LINE#00003#WORD#00002": { label_status: "validated", label_TOTAL: true } },
    gone: /#LINE#00002#WORD#00001$/,
  });
  await noMessageIsLeft(stack);
  expect(await listed()).toEqual({});
});

test("a purge deletes only what was confirmed", async () => {
  await put(stack, keysOf(cafe).label(2, 1, "DISH"), { validation_status: 7 });
  await eventually(60, async () =>
    expect(await listed()).toEqual({ "stream-rejected": [expect.stringContaining("validation_status")] }),
  );
  const refused = await failed("--purge");
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining("no terminal") });
  expect(refused.stderr).toContain(cafe.imageId);
  expect(await listed()).toHaveProperty("stream-rejected");

  const purged = await failed("--purge", "--yes");
  expect(purged).toMatchObject({ code: 0, stdout: expect.stringContaining("stream-rejected: 1 deleted") });
  expect(await listed()).toEqual({});
});

test("an unknown name is refused with the list of known ones", async () => {
  const { code, stderr } = await failed("lines-dlq");
  expect(code).toBe(2);
  expect(stderr).toMatch(/no lines-dlq\. It has: embed-ndjson-dead-letters, lines-dead-letters, /);
});

test("no process of the stack was refused anything", () => nothingWasRefused(stack));
