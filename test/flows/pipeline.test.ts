import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { collections } from "../../contract/collections.ts";
import { deltaKey, deltaPrefix } from "../../core/deltas/keys.ts";
import { S3DeltaStore } from "../../core/deltas/s3-delta-store.ts";
import type { OcrFiles } from "../../core/ingest/export-receipt.ts";
import { nightly } from "../faults/nightly.ts";
import { makeCurrent } from "../unit/runs/current.ts";
import { eventually } from "./eventually.ts";
import { bodiesIn, logSays, noMessageIsLeft, nothingWasRefused } from "./looking.ts";
import { currentStates, heads, runsOf } from "./published.ts";
import { isPublishedExactly } from "./published-exactly.ts";
import { ndjson, ocrFiles, ocrRows } from "./receipt-rows.ts";
import { RunningStack } from "./running-stack.ts";
import { completed, planned, send } from "./sending.ts";

jest.setTimeout(300_000);

let stack: RunningStack;

beforeAll(async () => {
  stack = await RunningStack.start();
});

afterAll(async () => {
  await stack?.stop();
});

test("a receipt goes in, and a search finds its lines and words", async () => {
  const files = ocrFiles([
    "HARBOUR BOOKSHOP",
    "ATLAS OF CLOUDS 24.00",
    "CARD PAYMENT 24.00",
    "SEE YOU SOON",
    "",
  ]);
  await send(stack, files);
  await isPublishedExactly(stack, files, await completed(stack, files));

  for (const collection of collections) {
    const wanted = planned(files)[collection].find(({ document }) => /ATLAS/.test(document));
    const answer = await eventually(60, async () => {
      const nearest = ["--collection", collection, "--k", "3", "--mode", "dense", "--group", "line"];
      const found = await stack.search(wanted?.text ?? "", ...nearest);
      expect(found.hits[0]?.id).toBe(wanted?.id);
      return found;
    });
    expect(answer.hits).toHaveLength(3);
    expect(answer.hits[0]).toMatchObject({ image_id: files.imageId, receipt_id: 1, line_id: 2 });
    expect(answer.hits[0]?.score).toBeGreaterThan(0.999);
  }
});

test("F12 the same messages again cost no embedding request and change nothing", async () => {
  const receipts = [
    ocrFiles(["CORNER BAKERY", "RYE BREAD 4.10"]),
    ocrFiles(["NIGHT PHARMACY", "PLASTERS 2.35"]),
  ];
  await send(stack, ...receipts);
  for (const files of receipts) await completed(stack, files);
  await noMessageIsLeft(stack);
  const before = { heads: await heads(stack), requests: await stack.embeddingRequests() };

  await send(stack, ...receipts);
  for (const { imageId } of receipts) {
    await eventually(60, async () => {
      const lines = await stack.logged(stack.outputs.logGroups.embed, `"Receipt unchanged" "${imageId}"`);
      expect(lines).toHaveLength(1);
    });
  }

  await noMessageIsLeft(stack);
  expect({ heads: await heads(stack), requests: await stack.embeddingRequests() }).toEqual(before);
});

test("content A, then B, then A again: each replaces the other, and the second A is not embedded again", async () => {
  const imageId = randomUUID();
  const first = ocrFiles(["GARDEN CENTRE", "FERN 8.50", "POT 3.00", "CASH"], imageId);
  const second = ocrFiles(["GARDEN CENTRE", "CACTUS 6.25"], imageId);
  await send(stack, first);
  const firstRun = await completed(stack, first);
  await send(stack, second);
  const secondRun = await completed(stack, second, firstRun);
  await isPublishedExactly(stack, second, secondRun);
  const requests = await stack.embeddingRequests();

  await send(stack, first);

  expect(await completed(stack, first, secondRun)).toBe(firstRun);
  await isPublishedExactly(stack, first, firstRun);
  expect(await stack.embeddingRequests()).toBe(requests);
});

describe("bad input, sent all at once among good", () => {
  const good = ocrFiles(["RIVERSIDE CAFE", "SOUP OF THE DAY 7.20"]);
  const rows = ocrRows(["TOY SHOP", "KITE 15.00", "THANKS"]);
  const oneBadRow: OcrFiles = {
    ...rows,
    lines: ndjson(rows.lines.map((row) => (row.line_id === 2 ? { ...row, confidence: "high" } : row))),
    words: ndjson(rows.words),
  };
  const poison = { imageId: randomUUID(), receiptId: 1, runId: "poison" };
  const missingKey = `receipts/${randomUUID()}/lines.ndjson`;
  const badKey = `receipts/${randomUUID()}/lines.ndjson`;
  let unusable: string[];

  beforeAll(async () => {
    await openRunWithUnreadableDeltas();
    const { artifactsBucket, embedQueueUrl } = stack.outputs;
    const noFlag = ndjson(ocrRows(["ANY"]).lines.map((row) => ({ ...row, is_noise: "maybe" })));
    await stack.s3.send(new PutObjectCommand({ Bucket: artifactsBucket, Key: badKey, Body: noFlag }));
    const [message] = await send(stack, good, oneBadRow);
    unusable = [
      "{ not JSON",
      JSON.stringify({ ...message, image_id: randomUUID(), lines_key: missingKey }),
      JSON.stringify({ ...message, image_id: randomUUID(), lines_key: badKey }),
    ];
    for (const MessageBody of unusable) {
      await stack.sqs.send(new SendMessageCommand({ QueueUrl: embedQueueUrl, MessageBody }));
    }
  });

  async function openRunWithUnreadableDeltas(): Promise<void> {
    const deltas = new S3DeltaStore(stack.s3, stack.outputs.deltasBucket);
    const deltaPrefixes = {
      lines: deltaPrefix({ collection: "lines", ...poison }),
      words: deltaPrefix({ collection: "words", ...poison }),
    };
    for (const collection of collections) {
      await deltas.put(deltaKey(deltaPrefixes[collection]), Buffer.from("no delta"));
    }
    const runs = runsOf(stack);
    await makeCurrent(runs, poison, { runId: poison.runId, revision: 1, attempt: 1 });
    await runs.open({ ...poison, rejectedRows: 0, deltaPrefixes });
  }

  test("a good receipt is published", async () => {
    await isPublishedExactly(stack, good, await completed(stack, good));
  });

  test("a bad row among good ones is set aside with its line number and reason; the others are published", async () => {
    const runId = await completed(stack, oneBadRow);
    await isPublishedExactly(stack, oneBadRow, runId);
    expect(planned(oneBadRow).lines).toHaveLength(2);
    const rejected = await new S3DeltaStore(stack.s3, stack.outputs.deltasBucket).get(
      `rejected/${runId}.ndjson`,
    );
    expect(JSON.parse(Buffer.from(rejected ?? []).toString())).toMatchObject({
      file: "lines",
      line_number: 2,
    });
  });

  test("F8 F2 an unreadable delta ends in both dead-letter queues, and the log says why", async () => {
    const { linesDeadLetterQueueUrls, wordsDeadLetterQueueUrls, logGroups } = stack.outputs;
    for (const queueUrl of [...linesDeadLetterQueueUrls, ...wordsDeadLetterQueueUrls]) {
      const [body = ""] = await bodiesIn(stack, queueUrl, 1);
      expect(body).toContain(poison.imageId);
    }
    expect(await currentStates(stack, poison)).toMatchObject({ lines: "FAILED", words: "FAILED" });
    await logSays(
      stack,
      logGroups.compaction,
      '"dead-letter queue" "poison" "The delta file cannot be read"',
    );
  });

  test("F8 malformed, missing and wholly bad input ends in the dead-letter queue, and the log says why", async () => {
    const { embedDeadLetterQueueUrl, logGroups } = stack.outputs;
    expect((await bodiesIn(stack, embedDeadLetterQueueUrl, 3)).sort()).toEqual([...unusable].sort());
    const reasons = [
      ["EmbedMessageInvalidError", "not JSON"],
      ["ObjectMissingError", missingKey],
      ["AllRowsRejectedError", "is_noise"],
    ];
    for (const [reason, subject] of reasons) {
      await logSays(stack, logGroups.embed, `"${reason}" "${subject}"`);
    }
    await noMessageIsLeft(stack);
  });
});

nightly(
  "killing the compaction process in the middle of its cycles ends in the same published collection",
  async () => {
    const all: OcrFiles[] = [];
    // A cycle takes some tenths of a second: a round in which none was killed under way is followed by another one.
    for (let round = 0; round < 10 && (await killedCycles()) < 2; round += 1) {
      const receipts = Array.from({ length: 6 }, (_, index) =>
        ocrFiles([`MARKET STALL ${round}${index}`, "APPLES 3.00", "PEARS 2.50", "TOTAL 5.50"]),
      );
      all.push(...receipts);
      await send(stack, ...receipts);
      if (await isProcessing(receipts)) await killCompaction();
    }
    await eventually(30, async () => expect(await killedCycles()).toBeGreaterThanOrEqual(2));
    for (const files of all) await isPublishedExactly(stack, files, await completed(stack, files));
    await noMessageIsLeft(stack);
  },
);

/** Waits until a cycle holds one of the receipts. False where all were completed before one was seen. */
async function isProcessing(receipts: readonly OcrFiles[]): Promise<boolean> {
  for (const late = performance.now() + 60_000; performance.now() < late; await sleep(5)) {
    const states = await Promise.all(receipts.map((files) => currentStates(stack, files)));
    const both = states.flatMap(({ lines, words }) => [lines, words]);
    if (both.includes("PROCESSING")) return true;
    if (both.every((state) => state === "COMPLETED")) return false;
  }
  throw new Error("The receipts were not processed within a minute.");
}

/** How many cycles ended with their process. One that is killed between two cycles leaves no such line. */
async function killedCycles(): Promise<number> {
  return (await stack.logged(stack.outputs.logGroups.compaction, "Runtime.ExitError")).length;
}

async function killCompaction(): Promise<void> {
  const { functions, logGroups } = stack.outputs;
  const pids = await stack.processesThatLogged(functions.compaction, logGroups.compaction, "Cycle step");
  for (const pid of pids) process.kill(pid, "SIGKILL");
}

test("no process of the stack was refused anything", () => nothingWasRefused(stack));
