import { randomUUID } from "node:crypto";
import { decodeDelta } from "../../../core/deltas/codec.ts";
import type { CompactionRun } from "../../../core/runs/compaction-run.ts";
import { recordRemovals } from "../../../core/runs/record-removals.ts";
import { Stage } from "../../unit/ingest/stage.ts";
import { image, line, ndjsonOf } from "../../unit/receipts/rows-of.ts";
import { currentRunOf, makeCurrent } from "../../unit/runs/current.ts";
import { Tables } from "../../unit/runs/tables.ts";

let tables: Tables;
let stage: Stage;

beforeEach(async () => {
  tables = await Tables.start();
  stage = new Stage(tables);
});
afterEach(() => tables.stop());

const receipt = { imageId: image, receiptId: 1 };

const currentRun = () => currentRunOf(stage.runs, receipt);

async function complete(run: CompactionRun | undefined, token: number): Promise<void> {
  if (!run) throw new Error("There is no run to complete.");
  for (const collection of ["lines", "words"] as const) {
    await stage.runs.start(run, collection, token);
    await stage.runs.complete(run, collection, token, 1);
  }
}

describe("a new receipt", () => {
  test("becomes two deltas, the current run and an open item", async () => {
    expect(await stage.ingest(stage.delivery(stage.receipt(["CAFE", "TOTAL"]), 100))).toEqual(["opened"]);
    expect(await stage.runs.current(receipt)).toMatchObject({ revision: 100, state: "ACTIVE", attempt: 1 });
    const run = await currentRun();
    expect(run).toMatchObject({ attempts: 1, rejectedRows: 0 });
    const delta = await stage.deltas.get(`${run?.halves.words.deltaPrefix}.vkd`);
    expect(decodeDelta(delta ?? Buffer.alloc(0))).toMatchObject({
      collection: "words",
      runId: run?.runId,
      model: "fake",
      dimensions: 4,
      documents: ["CAFE", "TOTAL"],
    });
  });

  test("takes the message's own time of export before the queue's", async () => {
    const message = { ...stage.receipt(["CAFE"]), exported_at: 7 };
    await stage.ingest(stage.delivery(message, 100));
    expect(await stage.runs.current(receipt)).toMatchObject({ revision: 7 });
  });

  test("shares its embedding request with the other receipts of the invocation", async () => {
    const messages = [randomUUID(), randomUUID(), randomUUID()].map((id) =>
      stage.receipt(["CAFE", "TOTAL"], id),
    );
    await stage.ingest(...messages.map((message) => stage.delivery(message, 100)));
    expect(stage.embedder.requests).toHaveLength(1);
    expect(stage.embeddedTexts).toBe(4);
    expect(stage.log.at(-1)).toMatchObject({
      message: "Embed batch done",
      fields: {
        messages: 3,
        opened: 3,
        lines: 6,
        words: 6,
        vectors: 12,
        embedded_texts: 4,
        embedding_requests: 1,
      },
    });
  });

  test("without any row becomes two deltas without vectors", async () => {
    const message = stage.objects(image, Buffer.alloc(0), Buffer.alloc(0));
    expect(await stage.ingest(stage.delivery(message, 100))).toEqual(["opened"]);
    expect(stage.embedder.requests).toEqual([]);
  });
});

describe("the same content again (F12)", () => {
  test("costs no request and changes nothing when it is redelivered", async () => {
    const message = stage.receipt(["CAFE", "TOTAL"]);
    await stage.ingest(stage.delivery(message, 100));
    const before = [await tables.items("receipts"), await tables.items("control"), stage.stored];
    expect(await stage.ingest(stage.delivery(message, 100))).toEqual(["unchanged"]);
    expect([await tables.items("receipts"), await tables.items("control"), stage.stored]).toEqual(before);
    expect(stage.embedder.requests).toHaveLength(1);
  });

  test("sent again costs no request either, and supersedes what was sent in between", async () => {
    const content = stage.receipt(["CAFE", "TOTAL"]);
    const between = stage.receipt(["BISTRO", "TOTAL"]);
    await stage.ingest(stage.delivery(content, 100));
    const receipts = await tables.items("receipts");
    expect(await stage.ingest(stage.delivery(content, 300))).toEqual(["unchanged"]);
    expect(await stage.ingest(stage.delivery(between, 200))).toEqual(["superseded"]);
    expect(await tables.items("receipts")).toEqual(receipts);
    expect(stage.embedder.requests).toHaveLength(1);
  });

  test("makes a delta again that got lost meanwhile, and leaves its run as it is", async () => {
    const message = stage.receipt(["CAFE"]);
    await stage.ingest(stage.delivery(message, 100));
    const before = [await tables.items("receipts"), await tables.items("control")];
    const [lines = "", words = ""] = stage.stored;
    const whole = [lines, words].map((path) => stage.buckets.objects.get(path));
    stage.buckets.objects.delete(lines);
    expect(await stage.ingest(stage.delivery(message, 100))).toEqual(["unchanged"]);
    expect([lines, words].map((path) => stage.buckets.objects.get(path))).toEqual(whole);
    expect([await tables.items("receipts"), await tables.items("control")]).toEqual(before);
    expect(stage.embeddedTexts).toBe(3);
  });

  test("twice in one batch is embedded once and opened once", async () => {
    const message = stage.receipt(["CAFE"]);
    const results = await stage.ingest(stage.delivery(message, 100), stage.delivery(message, 101));
    expect(results).toContain("opened");
    expect(stage.embeddedTexts).toBe(2);
    expect(await tables.items("receipts")).toHaveLength(1);
    expect(await currentRun()).toMatchObject({ attempts: 1 });
    expect(await tables.openRuns()).toHaveLength(1);
  });

  test("finds the deltas that an invocation left behind", async () => {
    const message = stage.receipt(["CAFE"]);
    await stage.ingest(stage.delivery(message, 100));
    const other = new Stage(await newTables());
    for (const [path, content] of stage.buckets.objects) other.buckets.objects.set(path, content);
    expect(await other.ingest(other.delivery(message, 100))).toEqual(["opened"]);
    expect(other.embedder.requests).toEqual([]);
  });

  test("replaces an unreadable delta", async () => {
    const message = stage.receipt(["CAFE"]);
    await stage.ingest(stage.delivery(message, 100));
    const other = new Stage(await newTables());
    for (const [path, content] of stage.buckets.objects) {
      other.buckets.objects.set(
        path,
        path.startsWith("deltas/deltas/words/") ? content.subarray(0, 50) : content,
      );
    }
    await other.ingest(other.delivery(message, 100));
    expect(other.embeddedTexts).toBe(1);
    expect(other.buckets.objects).toEqual(stage.buckets.objects);
  });
});

const others: Tables[] = [];
afterEach(async () => {
  await Promise.all(others.splice(0).map((other) => other.stop()));
});

async function newTables(): Promise<Tables> {
  const other = await Tables.start();
  others.push(other);
  return other;
}

describe("a run that failed", () => {
  async function failedRun(message: unknown): Promise<CompactionRun | undefined> {
    await stage.ingest(stage.delivery(message, 100));
    const run = await currentRun();
    if (!run) throw new Error("There is no run.");
    await stage.runs.start(run, "lines", 3);
    await stage.runs.fail(run, "lines", 3, "the delta file cannot be read");
    return run;
  }

  test("is re-opened by a later message, which replaces its delta", async () => {
    const message = stage.receipt(["CAFE"]);
    const run = await failedRun(message);
    const path = `deltas/${run?.halves.lines.deltaPrefix}.vkd`;
    const whole = stage.buckets.objects.get(path);
    stage.buckets.put("deltas", `${run?.halves.lines.deltaPrefix}.vkd`, Buffer.from("cut"));
    expect(await stage.ingest(stage.delivery(message, 200))).toEqual(["reopened"]);
    expect(stage.buckets.objects.get(path)).toEqual(whole);
    expect(await currentRun()).toMatchObject({
      attempts: 2,
      halves: { lines: { state: "PENDING", failures: 0 } },
    });
    expect(stage.sent.size).toBe(2);
  });

  test("is left to compaction's own retries when the same message is redelivered", async () => {
    const message = stage.receipt(["CAFE"]);
    await failedRun(message);
    expect(await stage.ingest(stage.delivery(message, 100))).toEqual(["unchanged"]);
    expect((await currentRun())?.attempts).toBe(1);
  });
});

describe("a changed receipt", () => {
  test("has a run of its own that becomes current", async () => {
    await stage.ingest(stage.delivery(stage.receipt(["CAFE"]), 100));
    expect(await stage.ingest(stage.delivery(stage.receipt(["BAR"]), 200))).toEqual(["opened"]);
    expect(await stage.runs.current(receipt)).toMatchObject({ revision: 200, attempt: 1 });
    expect(await tables.items("receipts")).toHaveLength(2);
  });

  test("that arrives late is superseded, acknowledged, and not paid for", async () => {
    await stage.ingest(stage.delivery(stage.receipt(["BAR"]), 200));
    const paid = stage.embeddedTexts;
    expect(await stage.ingest(stage.delivery(stage.receipt(["CAFE"]), 100))).toEqual(["superseded"]);
    expect(stage.embeddedTexts).toBe(paid);
    expect(await tables.items("receipts")).toHaveLength(1);
  });

  test("that returns to its first content re-opens and redrives the first run", async () => {
    const [first, second] = [stage.receipt(["CAFE"]), stage.receipt(["BAR"])];
    await stage.ingest(stage.delivery(first, 100));
    const firstRun = await currentRun();
    await complete(firstRun, 1);
    await stage.ingest(stage.delivery(second, 200));
    const paid = stage.embeddedTexts;

    expect(await stage.ingest(stage.delivery(first, 300))).toEqual(["reopened"]);
    expect(stage.embeddedTexts).toBe(paid);
    expect(await currentRun()).toMatchObject({
      runId: firstRun?.runId,
      attempts: 2,
      halves: { lines: { state: "PENDING" }, words: { state: "PENDING" } },
    });
    expect([...stage.sent.keys()].sort()).toEqual([
      `lines.fifo ${firstRun?.runId}-2`,
      `words.fifo ${firstRun?.runId}-2`,
    ]);
  });

  test("whose first run went through a removal is made active again", async () => {
    const message = stage.receipt(["CAFE"]);
    await stage.ingest(stage.delivery(message, 100));
    const run = await currentRun();
    await complete(run, 1);
    await recordRemovals(stage.runs, receipt, [{ part: "DOCUMENT", revision: 150 }]);
    expect(await stage.ingest(stage.delivery(message, 120))).toEqual(["superseded"]);
    expect(await stage.ingest(stage.delivery(message, 300))).toEqual(["reopened"]);
    expect(await stage.runs.current(receipt)).toMatchObject({ state: "ACTIVE", attempt: 2 });
  });

  test("of which a line was removed is opened again by a later message alone, to bring the line back", async () => {
    const message = stage.receipt(["CAFE", "TEA 2.00"]);
    await stage.ingest(stage.delivery(message, 100));
    await complete(await currentRun(), 1);
    const paid = stage.embeddedTexts;
    await recordRemovals(stage.runs, receipt, [{ part: "LINE#00002", revision: 150 }]);
    expect(await stage.ingest(stage.delivery(message, 120))).toEqual(["unchanged"]);
    expect((await stage.runs.current(receipt))?.removed.size).toBe(1);
    expect(await stage.ingest(stage.delivery(message, 200))).toEqual(["reopened"]);
    expect((await stage.runs.current(receipt))?.removed.size).toBe(0);
    expect(await currentRun()).toMatchObject({ attempts: 2, halves: { words: { state: "PENDING" } } });
    expect(stage.embeddedTexts).toBe(paid);
  });

  test("sees a later message even after a crash", async () => {
    const message = stage.receipt(["CAFE"]);
    await stage.ingest(stage.delivery(message, 100));
    const run = await currentRun();
    await complete(run, 1);
    // CURRENT has moved to a second attempt, and the process died before it opened that.
    await makeCurrent(stage.runs, receipt, { runId: run?.runId ?? "", revision: 150, attempt: 2 });
    expect(await stage.ingest(stage.delivery(message, 300))).toEqual(["reopened"]);
    expect(await stage.runs.current(receipt)).toMatchObject({ revision: 300, attempt: 2 });
    expect(await currentRun()).toMatchObject({ attempts: 2 });
    expect(await stage.ingest(stage.delivery(stage.receipt(["OLDER"]), 200))).toEqual(["superseded"]);
  });
});

test("F36: rejected rows and superseded messages are counted", async () => {
  const rows = Buffer.concat([
    ndjsonOf([line(1, "CAFE", { x: 0.1, y: 0.5, width: 0.2, height: 0.02 })]),
    Buffer.from("\nno row\n"),
  ]);
  const message = stage.objects(image, rows, Buffer.alloc(0));
  expect(await stage.ingest(stage.delivery(message, 100))).toEqual(["opened"]);
  expect(stage.counts).toMatchObject({ RowsRejected: 1 });
  delete stage.counts.RowsRejected;
  expect(await stage.ingest(stage.delivery(message, 100))).toEqual(["unchanged"]);
  expect(stage.counts.RowsRejected).toBeUndefined();
  expect(await stage.ingest(stage.delivery(stage.receipt(["OLDER"]), 50))).toEqual(["superseded"]);
  expect(stage.counts).toMatchObject({ MessagesSuperseded: 1 });
});
