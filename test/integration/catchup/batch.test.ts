import { BatchRefusedError } from "../../../core/catchup/batch/batch-errors.ts";
import { BatchProvider } from "../../../core/catchup/batch/batch-provider.ts";
import { preflight } from "../../../core/catchup/preflight/preflight.ts";
import type { EmbeddingsServer } from "../../../local/embeddings/server.ts";
import { sendJson, serveLoopback } from "../../../local/loopback-server.ts";
import { all } from "../../faults/seeds.ts";
import { eventually } from "../../flows/eventually.ts";
import { Crash } from "../../unit/catchup/crashes.ts";
import { requestOf } from "../../unit/catchup/requests.ts";
import { TaskTables } from "../../unit/catchup/task-tables.ts";
import { BatchRig } from "./batch-rig.ts";

// A death at each step takes half a minute, and minutes on a machine that is busy.
jest.setTimeout(300_000);

let tables: TaskTables;
let server: EmbeddingsServer;
let rig: BatchRig;
let files = 0;

beforeAll(async () => {
  [tables, server] = await Promise.all([TaskTables.start(), BatchRig.startServer()]);
});

afterAll(async () => {
  await server.close();
  await tables.stop();
});

beforeEach(async () => {
  await eventually(60, async () => expect(await batchesInProgress()).toBe(0));
  // The files of cancelled batches are gone by then.
  BatchRig.clock.hurry(3 * 86_400);
  rig = new BatchRig(tables, server);
});

/** Ten rows in chunks of four, with a text of its own each: five requests of two texts, of one batch. */
function csvOf(): { readonly csv: string; readonly texts: readonly string[] } {
  files += 1;
  const texts = Array.from({ length: 10 }, (_, row) => `file ${files} row ${row}`);
  const rows = texts.map((text, row) => `${row},${text}\n`);
  return { csv: `id,formatted_text\n${rows.join("")}`, texts };
}

/** Every record has the vector that the model gives its text. */
async function expectVectors(texts: readonly string[]): Promise<void> {
  const expected = await rig.syncEmbedder.embed(texts);
  const written = new Map(
    [...rig.index.vectors.values()].map(({ metadata, vector }) => [metadata.text, vector]),
  );
  expect(written.size).toBe(texts.length);
  texts.forEach((text, position) => {
    expect(Buffer.from(written.get(text) ?? [])).toEqual(Buffer.from(expected[position] ?? []));
  });
}

async function filesLeft(): Promise<number> {
  return (await listed("files?limit=1000")).length;
}

/** Also those of earlier tests, which the server goes on processing. */
async function batchesInProgress(): Promise<number> {
  const batches = (await listed("batches?limit=100")) as { status: string }[];
  return batches.filter(({ status }) => /ing$|in_progress/.test(status)).length;
}

async function listed(path: string): Promise<unknown[]> {
  const answer = await fetch(`${server.baseUrl}/${path}`, { headers: { authorization: "Bearer any" } });
  return ((await answer.json()) as { data: unknown[] }).data;
}

/** Takes a task through its batch and its chunks; expects the vectors, and how each text was paid. */
async function expectPaid(paid: { readonly sync: number; readonly batch: number }, changed: object = {}) {
  const { csv, texts } = csvOf();
  const before = rig.paid;
  const taskId = await rig.planned(csv, changed);
  const waits = await rig.pay(taskId);
  expect(await filesLeft()).toBe(0);
  const task = await rig.finish(taskId);
  const after = rig.paid;
  expect({ sync: after.sync - before.sync, batch: after.batch - before.batch }).toEqual(paid);
  expect(task).toMatchObject({ status: "COMPLETED", counts: { processed: 10 } });
  await expectVectors(texts);
  return { taskId, task, waits, state: await rig.state(taskId) };
}

test("a batch pays for every text, and the chunks find their vectors stored", async () => {
  const { task, state } = await expectPaid({ sync: 0, batch: 10 });
  expect(state).toMatchObject({ step: "ended", outcome: "completed", inputs: 10, collected_inputs: 10 });
  expect(task.batch_tokens).toBe(task.counts?.tokens);
  expect(rig.counted.CatchUpBatchTextsFallenBack).toBeUndefined();
});

test("waits grow from five seconds to ten minutes", async () => {
  await rig.plan({ batches: [{ takesSeconds: 20_000 }] });
  const { waits } = await expectPaid({ sync: 0, batch: 10 });
  expect(waits[0]).toBe(5);
  expect(waits.toSorted((a, b) => a - b)).toEqual(waits);
  expect(waits.at(-1)).toBe(600);
});

test.each([
  ["has expired half done", { processes: 2 }, { sync: 6, batch: 4 }, "expired"],
  ["failed for its tokens", { failsWith: "token_limit_exceeded" }, { sync: 10, batch: 0 }, "failed"],
  ["has lines in another order", { reversed: true }, { sync: 0, batch: 10 }, "completed"],
  ["has lines with errors", { errorLines: [1, 3] }, { sync: 4, batch: 6 }, "completed"],
  ["lacks lines", { missingLines: [0] }, { sync: 2, batch: 10 }, "completed"],
  ["has a line that is not JSON", { garbledLines: [2] }, { sync: 2, batch: 10 }, "completed"],
  ["has a vector of another length", { shortVectors: [4] }, { sync: 1, batch: 10 }, "completed"],
  ["has a line of vectors of another length", { shortAnswers: [0] }, { sync: 2, batch: 10 }, "completed"],
] as const)("F72: what a batch that %s does not pay, the chunks pay", async (_, fault, paid, outcome) => {
  await rig.plan({ batches: [fault] });
  const { state } = await expectPaid(paid);
  expect(state?.outcome).toBe(outcome);
  expect(rig.counted.CatchUpBatchTextsFallenBack ?? 0).toBe(paid.sync);
});

test("F71: a batch whose answer is lost is found by its metadata, and not created twice", async () => {
  await rig.plan({ batches: [{ answerLost: true, unlistedSeconds: 60 }] });
  const { state } = await expectPaid({ sync: 0, batch: 10 });
  expect(state?.outcome).toBe("completed");
});

test("F71: a file whose answer is lost is found by its name, and not uploaded twice", async () => {
  await rig.plan({ files: ["upload answer lost"] });
  await expectPaid({ sync: 0, batch: 10 });
});

test("output that breaks off is read again", async () => {
  await rig.plan({ files: ["content breaks off"] });
  await expectPaid({ sync: 0, batch: 10 });
});

test("a batch of an incremental task pays only for what has changed", async () => {
  const { csv } = csvOf();
  const first = await rig.planned(csv, { incremental: true, question_id: "7" });
  await rig.pay(first);
  await rig.finish(first);
  const before = rig.paid;
  const second = await rig.planned(csv.replace(/row 3\n/, "row 3 changed\n"), {
    incremental: true,
    question_id: "7",
  });
  await rig.pay(second);
  expect(await rig.finish(second)).toMatchObject({ counts: { unchanged: 9, processed: 10 } });
  expect(rig.paid).toEqual({ sync: before.sync, batch: before.batch + 1 });
});

test("a task that is cancelled cancels its batch and deletes the requests", async () => {
  await rig.plan({ batches: [{ processes: 1 }] });
  const taskId = await rig.planned(csvOf().csv);
  await rig.advance(taskId);
  const { batch_id = "" } = (await rig.state(taskId)) ?? {};
  await tables.tasks.change(taskId, { status: "CANCELLED" });
  await rig.abandon(taskId);
  expect(["cancelling", "cancelled"]).toContain((await rig.provider.retrieve(batch_id))?.status);
  expect(await rig.state(taskId)).toMatchObject({ step: "ended", outcome: "cancelled" });
  await rig.abandon(taskId);
  // The output of what was processed before the batch was cancelled.
  expect(await filesLeft()).toBeLessThanOrEqual(1);
  BatchRig.clock.hurry(3 * 86_400);
  expect(await filesLeft()).toBe(0);
});

test("F71: a task that is cancelled while its batch is created cancels the batch", async () => {
  const taskId = await rig.planned(csvOf().csv);
  const cancelled = new Proxy(rig.provider, {
    get(target, property) {
      if (property !== "create") return Reflect.get(target, property, target).bind(target);
      return async (...args: Parameters<typeof target.create>) => {
        const batch = await target.create(...args);
        await tables.tasks.change(taskId, { status: "CANCELLED" });
        return batch;
      };
    },
  });
  jest.spyOn(rig, "provider", "get").mockReturnValue(cancelled);
  expect(await rig.advance(taskId)).toEqual({ done: true, wait_seconds: 0 });
  const { batch_id = "", outcome } = (await rig.state(taskId)) ?? {};
  jest.restoreAllMocks();
  expect(outcome).toBe("cancelled");
  // Once its request in flight is processed, and counted.
  await eventually(10, async () => {
    expect((await rig.provider.retrieve(batch_id))?.status).toBe("cancelled");
  });
});

test("F71: processes that advance one unit at once create one batch", async () => {
  const { csv, texts } = csvOf();
  const before = rig.paid;
  const taskId = await rig.planned(csv);
  await Promise.all([rig.pay(taskId), rig.pay(taskId), rig.pay(taskId)]);
  await rig.finish(taskId);
  expect(rig.paid).toEqual({ sync: before.sync, batch: before.batch + 10 });
  await expectVectors(texts);
  expect(await filesLeft()).toBe(0);
});

test("a unit that is given up cancels its batch, and its chunks pay", async () => {
  await rig.plan({ batches: [{ processes: 0 }] });
  const { csv, texts } = csvOf();
  const before = rig.paid;
  const taskId = await rig.planned(csv);
  await rig.advance(taskId);
  const { batch_id = "" } = (await rig.state(taskId)) ?? {};
  expect(await rig.giveUp(taskId)).toEqual({ done: true, wait_seconds: 0 });
  expect((await rig.provider.retrieve(batch_id))?.status).toMatch(/^cancel/);
  await rig.finish(taskId);
  expect(rig.paid).toEqual({ sync: before.sync + 10, batch: before.batch });
  await expectVectors(texts);
});

test("a batch that does not end is cancelled after 25 hours, and given up after 26", async () => {
  await rig.plan({ batches: [{ takesSeconds: 80_000 }] });
  const taskId = await rig.planned(csvOf().csv);
  await rig.advance(taskId);
  const { batch_id = "", version } = (await rig.state(taskId)) ?? {};
  const stuck = new Proxy(rig.provider, {
    get(target, property) {
      if (property !== "retrieve") return Reflect.get(target, property, target).bind(target);
      return async () => ({ ...(await target.retrieve(batch_id)), status: "in_progress" });
    },
  });
  const real = rig.provider;
  jest.spyOn(rig, "provider", "get").mockReturnValue(stuck);
  BatchRig.clock.hurry(25 * 3_600 - 60);
  expect((await rig.advance(taskId)).done).toBe(false);
  expect(await rig.state(taskId)).toMatchObject({ step: "running", version });
  BatchRig.clock.hurry(120);
  expect(await rig.advance(taskId)).toEqual({ done: false, wait_seconds: 600 });
  expect((await real.retrieve(batch_id))?.status).not.toBe("in_progress");
  BatchRig.clock.hurry(3_600);
  expect((await rig.advance(taskId)).done).toBe(true);
  expect(await rig.state(taskId)).toMatchObject({ step: "ended", outcome: "lost" });
  expect(rig.gauged.at(-1)).toBeGreaterThan(86_400);
});

test("preflight refuses lane batch of a provider without a Batch API", async () => {
  const none = await serveLoopback(0, async (_, response) => sendJson(response, 404, { error: "none" }));
  const provider = new BatchProvider({ apiKey: "any", baseUrl: none.url, giveUpAt: Date.now() + 10_000 });
  await expect(provider.check()).rejects.toThrow(BatchRefusedError);
  await expect(rig.provider.check()).resolves.toBeUndefined();
  const request = requestOf({ lane: "batch" });
  const deps = { ...rig.taskServices, batches: { check: () => provider.check(), minSavingUsd: 0 } };
  expect(await preflight(request, deps)).toEqual([
    { check: "batch", problem: expect.stringContaining("refuses the batch") },
  ]);
  expect(await preflight({ ...request, dry_run: true }, deps)).toEqual([]);
  await none.close();
});

test("F71: killed at any step, a unit ends with every vector, and each text is paid once", async () => {
  const calls = rig.crashes.calls;
  const clean = await rig.planned(csvOf().csv);
  const start = calls.length;
  await rig.pay(clean);
  const steps = calls.length - start;
  expect(steps).toBeGreaterThan(20);
  for (let step = 1; step <= steps; step += all ? 1 : 3) {
    for (const when of ["before", "after"] as const) {
      rig = new BatchRig(tables, server);
      const { csv, texts } = csvOf();
      const before = rig.paid;
      const taskId = await rig.planned(csv);
      rig.crashes.arm(step, when);
      const died = await rig.pay(taskId).catch((error: unknown) => error);
      rig.crashes.disarm();
      expect(Array.isArray(died) || died instanceof Crash).toBe(true);
      await rig.pay(taskId);
      await rig.finish(taskId);
      const at = `${when} ${rig.crashes.calls[start + step - 1]}`;
      const after = rig.paid;
      expect([at, after.batch - before.batch, after.sync - before.sync]).toEqual([at, 10, 0]);
      await expectVectors(texts);
    }
  }
  expect(await filesLeft()).toBe(0);
});
