import { randomUUID } from "node:crypto";
import type { DocumentRef } from "../../../core/documents/documents.ts";
import { madeCurrent } from "../../../core/runs/current-run.ts";
import { DynamoRunStore } from "../../../core/runs/dynamo-run-store.ts";
import { recordRemovals } from "../../../core/runs/record-removals.ts";
import { redriveDocument } from "../../../core/runs/redrive-document.ts";
import { RunQueues } from "../../../core/runs/run-queues.ts";
import { MemorySqs } from "../../unit/collections/memory-queue.ts";
import { currentRunOf } from "../../unit/runs/current.ts";
import { Tables } from "../../unit/runs/tables.ts";

let tables: Tables;
let runs: DynamoRunStore;
let sqs: MemorySqs;
let queues: RunQueues;

beforeAll(async () => {
  tables = await Tables.start();
  runs = new DynamoRunStore(tables);
});
afterAll(() => tables.stop());
beforeEach(() => {
  sqs = new MemorySqs();
  const queueUrls = { lines: ["lines.fifo"], words: ["words.fifo"] };
  queues = new RunQueues({ client: sqs.client, queueUrls, region: "us-east-1" });
});

const time = "2026-11-25T10:00:00.000Z";
const later = "2026-11-25T10:00:01.000Z";
const sent = (queue: string) => sqs.at(queue).messages.map(({ body }) => JSON.parse(body));

async function completed() {
  const run = { imageId: randomUUID(), receiptId: 1, runId: "run" };
  await runs.moveCurrent(run, undefined, madeCurrent(undefined, { runId: "run", attempt: 1 }, 10));
  await runs.open({ ...run, rejectedRows: 0, deltaPrefixes: { lines: "l", words: "w" } });
  for (const collection of ["lines", "words"] as const) {
    await runs.start(run, collection, 1);
    await runs.complete(run, collection, 1, 2);
  }
  return run;
}

describe("driving a receipt again", () => {
  test("gives its current run a next attempt, of the same revision, in both collections", async () => {
    const run = await completed();
    await redriveDocument({ runs, queues }, run, time);
    expect(await runs.current(run)).toMatchObject({ runId: "run", revision: 10, attempt: 2 });
    expect(await currentRunOf(runs, run)).toMatchObject({
      attempts: 2,
      halves: { lines: { state: "PENDING" }, words: { state: "PENDING" } },
    });
    for (const queue of ["lines.fifo", "words.fifo"]) {
      expect(sent(queue)).toMatchObject([{ entity_type: "COMPACTION_RUN", entity_data: { run_id: "run" } }]);
    }
  });

  test("keeps what was removed from it", async () => {
    const run = await completed();
    await recordRemovals(runs, run, [{ part: "LINE#00001", revision: 20 }]);
    await redriveDocument({ runs, queues }, run, time);
    expect((await runs.current(run))?.removed.size).toBe(1);
  });

  test("continues after a crash in the middle", async () => {
    const run = await completed();
    jest.spyOn(runs, "reopen").mockRejectedValueOnce(new Error("killed"));
    await expect(redriveDocument({ runs, queues }, run, time)).rejects.toThrow("killed");
    await redriveDocument({ runs, queues }, run, time);
    expect(await currentRunOf(runs, run)).toMatchObject({ attempts: 2 });
    expect(sent("lines.fifo")).toHaveLength(1);
  });

  test("makes way for content that became current meanwhile, and drives that", async () => {
    const run = await completed();
    const newer = { ...run, runId: "newer" };
    await runs.open({ ...newer, rejectedRows: 0, deltaPrefixes: { lines: "l2", words: "w2" } });
    const move = runs.moveCurrent.bind(runs);
    jest.spyOn(runs, "moveCurrent").mockImplementationOnce(async (document, from, to) => {
      await move(document, from, madeCurrent(from, { runId: "newer", attempt: 1 }, 20));
      return move(document, from, to);
    });
    await redriveDocument({ runs, queues }, run, time);
    expect(await runs.current(run)).toMatchObject({ runId: "newer", revision: 20, attempt: 2 });
    expect(sent("lines.fifo")).toMatchObject([{ entity_data: { run_id: "newer" } }]);
    expect((await runs.find(run))?.attempts).toBe(1);
  });

  test.each([
    ["nothing is known", async () => undefined],
    [
      "only a removal is known",
      async (document: DocumentRef) =>
        void (await recordRemovals(runs, document, [{ part: "LINE#00001", revision: 20 }])),
    ],
    [
      "the run is lost",
      async (document: DocumentRef) =>
        void (await runs.moveCurrent(
          document,
          undefined,
          madeCurrent(undefined, { runId: "lost", attempt: 1 }, 10),
        )),
    ],
  ])("of one of which %s has the collections look at what is left of it", async (_, happens) => {
    const document = { imageId: randomUUID(), receiptId: 1 };
    await happens(document);
    await redriveDocument({ runs, queues }, document, time);
    for (const queue of ["lines.fifo", "words.fifo"])
      expect(sent(queue)).toMatchObject([{ entity_type: "RECEIPT_METADATA" }]);
  });

  test("of one that was removed has the collections look at what is left of it, every time", async () => {
    const run = await completed();
    await recordRemovals(runs, run, [{ part: "DOCUMENT", revision: 20 }]);
    for (const at of [time, later]) await redriveDocument({ runs, queues }, run, at);
    expect(sent("words.fifo")).toMatchObject([
      { entity_type: "RECEIPT_METADATA", entity_data: { image_id: run.imageId, receipt_id: 1 } },
      { entity_type: "RECEIPT_METADATA" },
    ]);
  });
});
