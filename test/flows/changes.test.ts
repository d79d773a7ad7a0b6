import { setTimeout as sleep } from "node:timers/promises";
import type { OcrFiles } from "../../core/ingest/export-receipt.ts";
import { bodiesIn, nothingWasRefused, streamProcessorMetrics } from "./looking.ts";
import { keysOf, put, remove } from "./receipt-items.ts";
import { ocrFiles } from "./receipt-rows.ts";
import { RunningStack } from "./running-stack.ts";
import { completed, planned, send } from "./sending.ts";
import { finds, shows } from "./showing.ts";

jest.setTimeout(300_000);

const shop = ocrFiles(["HARBOUR BOOKSHOP", "ATLAS OF CLOUDS 24.00", "TOTAL 24.00", "SEE YOU SOON"]);
const cafe = ocrFiles(["RIVERSIDE CAFE", "SOUP OF THE DAY 7.20", "TOTAL 7.20"]);
const items = { shop: keysOf(shop), cafe: keysOf(cafe) };
let stack: RunningStack;

beforeAll(async () => {
  stack = await RunningStack.start();
  await send(stack, shop, cafe);
  for (const files of [shop, cafe]) await completed(stack, files);
});

afterAll(async () => {
  await stack?.stop();
});

const linesOf = (files: OcrFiles) => planned(files).lines.map(({ id }) => id);
const wordOf = (files: OcrFiles, end: string) =>
  planned(files).words.flatMap(({ id }) => (id.endsWith(end) ? id : []));
const total = "#LINE#00003#WORD#00002";
const title = "#LINE#00001#WORD#00002";

describe("items that an application writes into the receipts table", () => {
  test("a merchant and labels show in the published vectors, and the search finds by both", async () => {
    const merchant = {
      merchant_name: "Harbour Books",
      canonical_merchant_name: "HARBOUR",
      place_id: "place-1",
    };
    await put(stack, items.shop.metadata, merchant);
    await put(stack, items.cafe.metadata, { merchant_name: "Riverside" });
    await put(stack, items.shop.label(3, 2, "TOTAL"), { validation_status: "VALID" });
    await put(stack, items.shop.label(3, 2, "AMOUNT"), { validation_status: "INVALID" });
    await put(stack, items.shop.label(1, 2, "NAME"), { validation_status: "PENDING" });
    await put(stack, items.cafe.label(3, 2, "TOTAL"), { validation_status: "INVALID" });

    await shows(stack, shop, {
      merchant,
      words: {
        [total]: { label_status: "validated", label_TOTAL: true, label_AMOUNT: false },
        [title]: { label_status: "auto_suggested" },
      },
    });
    await shows(stack, cafe, {
      merchant: { merchant_name: "Riverside" },
      words: { [total]: { label_TOTAL: false } },
    });
    await finds(stack, ["--merchant", "Harbour Books"], linesOf(shop));
    await finds(stack, ["--merchant", "HARBOUR"], linesOf(shop));
    await finds(stack, ["--merchant", "Riverside"], linesOf(cafe));
    await finds(stack, ["--label", "TOTAL"], wordOf(shop, total));
  });

  test("F9 a renamed merchant is found under the new name only, and a field that is gone leaves the vectors", async () => {
    const merchant = { merchant_name: "Harbour Books", canonical_merchant_name: "QUAYSIDE" };
    await put(stack, items.shop.metadata, merchant);
    await finds(stack, ["--merchant", "QUAYSIDE"], linesOf(shop));
    await finds(stack, ["--merchant", "HARBOUR"], []);
    await shows(stack, shop, {
      merchant,
      words: {
        [total]: { label_status: "validated", label_TOTAL: true, label_AMOUNT: false },
        [title]: { label_status: "auto_suggested" },
      },
    });
  });

  test("F9 a removed label leaves the word's other labels, a changed one takes its new value", async () => {
    await remove(stack, items.shop.label(3, 2, "TOTAL"));
    await put(stack, items.shop.label(1, 2, "NAME"), { validation_status: "VALID" });
    await shows(stack, shop, {
      merchant: { merchant_name: "Harbour Books", canonical_merchant_name: "QUAYSIDE" },
      words: {
        [total]: { label_AMOUNT: false },
        [title]: { label_status: "validated", label_NAME: true },
      },
    });
    await finds(stack, ["--label", "TOTAL"], []);
    await finds(stack, ["--label", "NAME"], wordOf(shop, title));
  });

  test("removed metadata leaves every vector of its receipt", async () => {
    await remove(stack, items.shop.metadata);
    await shows(stack, shop, {
      words: { [total]: { label_AMOUNT: false }, [title]: { label_status: "validated", label_NAME: true } },
    });
    await finds(stack, ["--merchant", "QUAYSIDE"], []);
  });

  test("F10 what is written before its receipt is exported shows with its first vectors", async () => {
    const later = ocrFiles(["NIGHT KIOSK", "WATER 1.20"]);
    const keys = keysOf(later);
    await put(stack, keys.metadata, { merchant_name: "Night Kiosk" });
    await put(stack, keys.label(2, 2, "TOTAL"), { validation_status: "VALID" });
    await send(stack, later);
    await completed(stack, later);
    await shows(stack, later, {
      merchant: { merchant_name: "Night Kiosk" },
      words: { "#LINE#00002#WORD#00002": { label_status: "validated", label_TOTAL: true } },
    });
  });
});

describe("items that are removed", () => {
  const kiosk = ocrFiles(["CORNER KIOSK", "TEA 2.00", "CAKE 3.00", "THANKS"]);
  const keys = keysOf(kiosk);
  const merchant = { merchant_name: "Corner Kiosk" };

  beforeAll(async () => {
    await put(stack, keys.metadata, merchant);
    for (const key of [keys.receipt, keys.line(3), keys.word(2, 1)]) await put(stack, key);
    await send(stack, kiosk);
    await completed(stack, kiosk);
  });

  /** A removal counts as from the end of its second, so an export within it would not be newer. */
  const untilItsSecondIsOver = () => sleep(1_000);

  test("a word takes its vector, a line its own and those of its words", async () => {
    await remove(stack, keys.word(2, 1), keys.line(3));
    await shows(stack, kiosk, { merchant, gone: /#LINE#00003|#LINE#00002#WORD#00001/ });
  });

  test("exporting the same rows again brings them back, with what is known of them", async () => {
    await untilItsSecondIsOver();
    await send(stack, kiosk);
    await shows(stack, kiosk, { merchant });
  });

  test("deleting a receipt removes all of its vectors, and exporting it again restores all of them", async () => {
    await remove(stack, keys.receipt);
    await shows(stack, kiosk, { gone: /./ });
    await finds(stack, ["--merchant", "Corner Kiosk"], []);

    await untilItsSecondIsOver();
    await send(stack, kiosk);
    await shows(stack, kiosk, { merchant });
    await finds(stack, ["--merchant", "Corner Kiosk"], linesOf(kiosk));
  });

  test("F11 a line that is removed and put again keeps its vectors", async () => {
    await put(stack, keys.line(2));
    await remove(stack, keys.line(2));
    await put(stack, keys.line(2));
    await put(stack, keys.metadata, { merchant_name: "Corner Kiosk II" });
    await shows(stack, kiosk, { merchant: { merchant_name: "Corner Kiosk II" } });
  });
});

test("F8 a malformed item ends in the rejected queue with its reason, and its neighbours are applied", async () => {
  const unknown = { PK: items.cafe.receipt.PK, SK: "RECEIPT#1#METADATA" };
  await put(stack, unknown, { merchant_name: "Nobody" });
  await put(stack, items.cafe.label(2, 1, "DISH"), { validation_status: 7 });
  await put(stack, items.cafe.label(3, 1, "CAPTION"), { validation_status: "VALID" });

  await shows(stack, cafe, {
    merchant: { merchant_name: "Riverside" },
    words: {
      [total]: { label_TOTAL: false },
      "#LINE#00003#WORD#00001": { label_status: "validated", label_CAPTION: true },
    },
  });
  const bodies = await bodiesIn(stack, stack.outputs.streamRejectedQueueUrl, 2);
  const rejected = bodies.map((body) => JSON.parse(body)).sort((a, b) => (a.reason < b.reason ? -1 : 1));
  expect(rejected).toMatchObject([
    {
      reason: expect.stringContaining("SK RECEIPT#1#METADATA matches no known key"),
      record: { eventName: "INSERT", dynamodb: { NewImage: { merchant_name: { S: "Nobody" } } } },
    },
    {
      reason: expect.stringContaining("validation_status"),
      record: { dynamodb: { Keys: { SK: { S: items.cafe.label(2, 1, "DISH").SK } } } },
    },
  ]);
});

test("F16 neither compaction's own writes nor other items invoke the stream processor", async () => {
  const received = async () =>
    (await streamProcessorMetrics(stack)).reduce((sum, { RecordsReceived }) => sum + RecordsReceived, 0);
  const before = await received();
  const kiosk = ocrFiles(["PIER KIOSK", "ICE 2.00"]);
  await send(stack, kiosk);
  await completed(stack, kiosk);
  await put(stack, { PK: "USER#1", SK: "RECEIPT#00001" });
  await put(stack, { PK: keysOf(kiosk).receipt.PK, SK: "IMAGE" });
  await put(stack, keysOf(kiosk).metadata, { merchant_name: "Pier Kiosk" });
  await shows(stack, kiosk, { merchant: { merchant_name: "Pier Kiosk" } });

  // The run when it was put, and the metadata.
  expect(await received()).toBe(before + 2);
});

test("the stream processor logs its metrics in CloudWatch's embedded format, under the name of the stack", async () => {
  const lines = await streamProcessorMetrics(stack);
  const names = ["Received", "Skipped", "OfOthers", "Relevant", "Rejected"].map((what) => `Records${what}`);
  for (const { _aws } of lines) {
    const [directive] = _aws.CloudWatchMetrics;
    expect(directive?.Namespace).toBe("vectorkeep-local");
    expect(directive?.Metrics.map(({ Name }) => Name)).toEqual([...names, "MessagesSent", "MessagesRefused"]);
  }
  const sum = (name: "RecordsReceived" | "RecordsSkipped" | "RecordsRelevant" | "RecordsRejected") =>
    lines.reduce((total, line) => total + line[name], 0);
  expect(sum("RecordsRejected")).toBe(2);
  expect(sum("RecordsReceived")).toBe(
    sum("RecordsSkipped") + sum("RecordsRelevant") + sum("RecordsRejected"),
  );
  expect(sum("RecordsRelevant")).toBeGreaterThan(10);
});

test("no process of the stack was refused anything", () => nothingWasRefused(stack));
