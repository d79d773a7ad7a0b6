import type { Queue } from "bullmq";
import fc from "fast-check";
import { Outages } from "../../../core/bulk/work/outages.ts";
import { measureQueues } from "../../../core/bulk/workers/measure-queues.ts";
import { IndexUnavailableError } from "../../../core/catchup/index/index-errors.ts";
import type { Counts } from "../../../core/catchup/tasks/counts.ts";
import { rowsIn } from "../../../core/catchup/tasks/counts.ts";
import type { Task } from "../../../core/catchup/tasks/task.ts";
import {
  EmbeddingNotAllowedError,
  EmbeddingThrottledError,
} from "../../../core/embedding/embedding-errors.ts";
import { silentMetrics } from "../../../core/metrics.ts";
import { CircuitOpenError } from "../../../core/resilience/circuit-breaker.ts";
import { all, sampled } from "../../faults/seeds.ts";
import { TaskRig } from "../../unit/catchup/task-rig.ts";
import { TaskTables } from "../../unit/catchup/task-tables.ts";
import { brokerKinds, hasBroker, TestBroker } from "./brokers.ts";
import { BulkRig } from "./bulk-rig.ts";

const workers = { host: "workers" } as const;
let tables: TaskTables;

beforeAll(async () => {
  tables = await TaskTables.start();
});
afterAll(() => tables.stop());

/** Rows of ids 1 to `count`. */
function rows(count: number, text = (row: number) => `text ${row}`): string {
  const lines = Array.from({ length: count }, (_, at) => `${at + 1},${text(at + 1)}`);
  return ["id,formatted_text", ...lines, ""].join("\n");
}

/** Jobs that a queue has, in any state. */
async function jobsIn(queue: Queue): Promise<number> {
  return Object.values(await queue.getJobCounts()).reduce((sum, count) => sum + count, 0);
}

// Both keep their promises by the same jobs. In `npm test` the flow of the bulk API has the other.
const kinds = brokerKinds.filter(hasBroker);

describe.each(all ? kinds : kinds.slice(0, 1))("with %s", (kind) => {
  let broker: TestBroker;
  let rig: BulkRig;
  let turn = 0;

  beforeAll(async () => {
    broker = await TestBroker.start(kind);
  });
  afterAll(() => broker.stop());

  beforeEach(async () => {
    turn += 1;
    rig = await BulkRig.open(tables, broker.local.url, `test-${turn}`);
  });
  afterEach(() => rig.close());

  async function run(csv: string, changed: Parameters<TaskRig["accept"]>[1] = {}): Promise<string> {
    const id = await rig.accept(csv, { ...workers, ...changed });
    await rig.jobs.enqueue(id);
    return id;
  }

  test("a second task over the same texts pays nothing, by other workers too", async () => {
    rig.startWorker(2);
    await rig.ended(await run(rows(9)));
    const paid = [...rig.embedder.paid];
    expect(paid.filter((text) => text !== "receipt")).toHaveLength(9);
    rig.cache = rig.newCache();
    const task = await rig.ended(
      await run(
        rows(9, (row) => `text ${10 - row}`),
        { namespace: "other" },
      ),
    );
    expect(task.counts).toMatchObject({ processed: 9, cached: 9, tokens: 0 });
    expect(rig.index.vectors.size).toBe(18);
    // The preflight of a task embeds one word.
    expect(rig.embedder.paid).toEqual([...paid, "receipt"]);
  });

  test("a task is planned, processed by several workers and settled, and the broker keeps nothing of it", async () => {
    rig.startWorker(2);
    rig.startWorker(2);
    const id = await run(rows(9));
    const task = await rig.ended(id);
    expect(task).toMatchObject({
      status: "COMPLETED",
      chunks_completed: 5,
      chunks_failed: 0,
      worked_on_by: { kind: "workers", id: `run-${id}` },
      counts: { processed: 9, failed: 0 },
    });
    expect(rig.index.vectors.size).toBe(9);
    expect(rig.embedder.paid.filter((text) => text !== "receipt")).toHaveLength(9);
    await rig.forgotten(id);
    expect(await jobsIn(rig.queues.chunks)).toBe(0);
  });

  test("the same file ends alike by workers, state machine and function, byte for byte", async () => {
    // Which of two chunks at once pays for a text of both is left to chance.
    rig.cache = undefined;
    rig.startWorker(2);
    const cell = fc.constantFrom("a", "b c", "é", "poison", "", '"x, y"', "long ".repeat(12).trim());
    const line = fc.tuple(fc.integer({ min: 1, max: 9 }), cell, fc.constantFrom("1", "2", "", "true", "x"));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 14 }), async (lines) => {
        const csv = `id,formatted_text,amount\n${lines.map((one) => one.join(",")).join("\n")}\n`;
        rig.index.vectors.clear();
        const byWorkers = await rig.ended(await run(csv));
        const outcome = (of: TaskRig, { task_id, status, rows: counted, counts }: Task) => ({
          status,
          rows: counted,
          counts,
          index: JSON.stringify([...of.index.vectors].sort()),
          failed: of.failedRows(task_id),
          duplicates: of.duplicateRows(task_id),
        });
        const expected = outcome(rig, byWorkers);
        expect(rowsIn(byWorkers.counts as Counts)).toBe(lines.length);
        for (const host of ["function", "state_machine"] as const) {
          const other = new TaskRig(tables);
          other.cache = undefined;
          const id = await other.accept(csv, { host });
          await other.run(id);
          if (host === "state_machine") {
            expect(other.started).toHaveLength(1);
            // The map of the machine works on chunks in any order.
            for (const chunk of other.chunksOf(id).toReversed()) await other.chunk(id, chunk);
            await other.settle(id);
          }
          expect(outcome(other, await other.task(id))).toEqual(expected);
        }
      }),
      { numRuns: sampled(12) },
    );
  });

  test("locks of jobs are short, and renewed twice before they expire (ADR 0016)", async () => {
    const worker = rig.broker.worker("locks", async () => {}, { concurrency: 1 });
    expect(worker.opts).toMatchObject({
      lockDuration: 6_000,
      lockRenewTime: 2_000,
      stalledInterval: 2_000,
      maxStalledCount: 5,
    });
    await worker.close();
  });

  test("a chunk that two workers process at a time ends as by one, and counts once (ADR 0016)", async () => {
    rig.startTaskWorker();
    const id = await run(rows(2));
    while ((await rig.queues.chunks.getPrioritizedCount()) < 1) await new Promise((r) => setTimeout(r, 10));
    const [chunk] = rig.chunksOf(id);
    if (chunk === undefined) throw new Error("There is no chunk.");
    await Promise.all([rig.chunk(id, chunk), rig.chunk(id, chunk)]);
    rig.startWorker();
    expect(await rig.ended(id)).toMatchObject({ status: "COMPLETED", counts: { processed: 2 }, rows: 2 });
    expect(rig.index.vectors.size).toBe(2);
    expect(rig.embedder.paid.filter((text) => text !== "receipt").length).toBeLessThanOrEqual(4);
  });

  test("a chunk that fails is retried, and its rows count once", async () => {
    rig.startWorker();
    const upsert = rig.index.upsert.bind(rig.index);
    let failures = 0;
    rig.index.upsert = async (namespace, vectors) => {
      await upsert(namespace, vectors);
      failures += 1;
      if (failures === 2) throw new Error("the answer was lost");
    };
    const task = await rig.ended(await run(rows(6)));
    expect(task).toMatchObject({ status: "COMPLETED", counts: { processed: 6 }, chunks_failed: 0 });
    expect(rig.embedder.paid.filter((text) => text !== "receipt")).toHaveLength(6);
  });

  test("a chunk that fails in all attempts is settled as failed, and the others count", async () => {
    rig.startWorker();
    const upsert = rig.index.upsert.bind(rig.index);
    rig.index.upsert = async (namespace, vectors) => {
      if (vectors.some(({ metadata }) => metadata.text === "text 3")) throw new Error("no answer");
      return upsert(namespace, vectors);
    };
    const id = await run(rows(6));
    const task = await rig.ended(id);
    expect(task).toMatchObject({
      status: "PARTIALLY_COMPLETED",
      counts: { processed: 4, failed: 2 },
      chunks_failed: 1,
    });
    expect(rig.failedRows(id)).toEqual([
      [3, "chunk_failed"],
      [4, "chunk_failed"],
    ]);
  });

  test("a rate limit defers a chunk for longer than all attempts, and is none", async () => {
    rig.startWorker();
    let refusals = 0;
    const embed = rig.embedder.embed.bind(rig.embedder);
    rig.embedder.embed = async (texts) => {
      if (!texts.includes("text 1")) return embed(texts);
      refusals += 1;
      if (refusals <= 2) throw new EmbeddingThrottledError("fake");
      return embed(texts);
    };
    const task = await rig.ended(await run(rows(2)));
    expect(task).toMatchObject({ status: "COMPLETED", counts: { processed: 2 } });
    expect(refusals).toBe(3);
  });

  test("F60: during an outage chunks are deferred without using up their attempts, and nothing is called", async () => {
    let checks = 0;
    rig.outages = {
      check() {
        checks += 1;
        if (checks <= 6) throw new CircuitOpenError("The index", Date.now() + 100);
      },
    };
    rig.startWorker();
    const task = await rig.ended(await run(rows(2)));
    expect(task).toMatchObject({ status: "COMPLETED", counts: { processed: 2 }, chunks_failed: 0 });
    expect(checks).toBe(7);
    expect(rig.embedder.paid.filter((text) => text !== "receipt")).toHaveLength(2);
  });

  test("F60: an index that is away opens the circuit before a chunk has failed for good, and is called again after it", async () => {
    const outages = new Outages();
    rig.outages = outages;
    const upsert = rig.index.upsert.bind(rig.index);
    let calls = 0;
    const failing = async (...args: Parameters<typeof upsert>) => {
      calls += 1;
      if (calls <= 5) throw new IndexUnavailableError("pinecone", new Error("away"));
      await upsert(...args);
    };
    rig.index.upsert = outages.index(Object.assign(Object.create(rig.index), { upsert: failing })).upsert;
    rig.startWorker();
    const id = await run(rows(8));
    // Of four chunks with four attempts each, the five failures leave every chunk some.
    while (calls < 5 || (await rig.queues.chunks.getDelayedCount()) < 4)
      await new Promise((r) => setTimeout(r, 20));
    expect(calls).toBe(5);
    expect((await rig.task(id)).status).toBe("IN_PROGRESS");
    expect(() => outages.check()).toThrow(CircuitOpenError);
    // Five minutes later.
    rig.outages = new Outages();
    rig.index.upsert = upsert;
    // One that was between two attempts may be active by itself.
    for (const job of await rig.queues.chunks.getDelayed()) await job.promote().catch(() => undefined);
    expect(await rig.ended(id)).toMatchObject({
      status: "COMPLETED",
      counts: { processed: 8 },
      chunks_failed: 0,
    });
  });

  test("a spent quota ends the task at once, with the reason, and calls the provider no more", async () => {
    rig.startWorker();
    let calls = 0;
    rig.embedder.embed = async (texts) => {
      if (texts.includes("receipt")) return texts.map(() => new Uint8Array(16));
      calls += 1;
      throw new EmbeddingNotAllowedError("fake", "429 insufficient_quota");
    };
    const task = await rig.ended(await run(rows(40)));
    expect(task).toMatchObject({ status: "FAILED", error: expect.stringContaining("insufficient_quota") });
    expect(calls).toBe(1);
  });

  test("what would fail every row fails the task before its file is read", async () => {
    rig.startWorker();
    rig.index.holds = 8;
    const id = await run(rows(4));
    expect(await rig.ended(id)).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining("8 dimensions"),
    });
    expect(rig.source.ranges).toEqual([]);
  });

  test("a file that is missing fails its task with a sentence", async () => {
    rig.startWorker();
    const id = await rig.accept(undefined, { ...workers, s3_key: "none.csv" });
    await rig.jobs.enqueue(id);
    expect(await rig.ended(id)).toMatchObject({
      status: "FAILED",
      error: expect.stringContaining("none.csv"),
    });
  });

  test("a cancelled task has its waiting chunks removed, and none is processed after", async () => {
    rig.startWorker();
    let begun: () => void = () => {};
    const first = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let go: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    const embed = rig.embedder.embed.bind(rig.embedder);
    rig.embedder.embed = async (texts) => {
      if (!texts.includes("receipt")) {
        begun();
        await gate;
      }
      return embed(texts);
    };
    const id = await run(rows(40));
    await first;
    await tables.tasks.change(id, { status: "CANCELLED" });
    await rig.jobs.stop(`run-${id}`);
    expect(await rig.queues.chunks.getPrioritizedCount()).toBe(0);
    go();
    await rig.forgotten(id);
    expect((await rig.task(id)).status).toBe("CANCELLED");
    expect(rig.index.vectors.size).toBeLessThanOrEqual(2);
  });

  test("chunks of a high priority come first, and those of one priority take turns", async () => {
    const order: string[] = [];
    const embed = rig.embedder.embed.bind(rig.embedder);
    rig.embedder.embed = async (texts) => {
      order.push(...texts.filter((text) => text !== "receipt").map((text) => text[0] ?? ""));
      return embed(texts);
    };
    const of = (name: string, priority?: "high" | "low") =>
      run(
        rows(3, (row) => `${name}${row}`),
        { question_id: name, ...(priority && { priority }) },
      );
    rig.limits = { ...rig.limits, rows: 1 };
    // All are planned before a chunk is processed.
    const ids = [await of("l", "low"), await of("a"), await of("b"), await of("h", "high")];
    rig.startTaskWorker();
    while ((await rig.queues.chunks.getPrioritizedCount()) < 12) await new Promise((r) => setTimeout(r, 10));
    rig.startWorker();
    for (const id of ids) await rig.ended(id);
    const text = order.join("");
    expect(text.slice(0, 3)).toBe("hhh");
    expect(text.slice(3, 9)).toMatch(/^(ab|ba){3}$/);
    expect(text.slice(9)).toBe("lll");
  });

  test("a task is settled while another is planned for long, and before one that is to be planned", async () => {
    rig.startTaskWorker();
    const { tasks, chunks } = rig.queues;
    const settling = await run(rows(2));
    while ((await tasks.getJobCounts("waiting-children"))["waiting-children"] !== 1) {
      await new Promise((r) => setTimeout(r, 10));
    }
    let go: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    let statusThen: string | undefined;
    const [long, next] = [`${settling}-long.csv`, `${settling}-next.csv`];
    const open = rig.source.open.bind(rig.source);
    for (const key of [long, next]) rig.source.put(key, rows(1));
    rig.source.open = async (key) => {
      if (key === long) await gate;
      if (key === next) statusThen = (await rig.task(settling)).status;
      return open(key);
    };
    const planned = await run(rows(1), { s3_key: long, question_id: "1" });
    while ((await tasks.getJobCounts("active")).active !== 1) await new Promise((r) => setTimeout(r, 10));
    await tasks.pause();
    const waiting = await run(rows(1), { s3_key: next, question_id: "2", priority: "high" });
    rig.startWorker();
    while ((await jobsIn(chunks)) > 0) await new Promise((r) => setTimeout(r, 10));
    await tasks.resume();
    expect(await rig.ended(settling)).toMatchObject({ status: "COMPLETED" });
    await rig.ended(waiting);
    expect(statusThen).toBe("COMPLETED");
    go();
    await rig.ended(planned);
  });

  test("only tasks that wait to be planned count for the age of the queue", async () => {
    rig.startTaskWorker();
    const { tasks, chunks } = rig.queues;
    await run(rows(2));
    while ((await tasks.getJobCounts("waiting-children"))["waiting-children"] !== 1) {
      await new Promise((r) => setTimeout(r, 10));
    }
    await rig.stopWorkers();
    rig.startChunkWorker();
    while ((await jobsIn(chunks)) > 0) await new Promise((r) => setTimeout(r, 10));
    const age = async () => {
      const found = new Map<string, number>();
      await measureQueues({
        broker: rig.broker,
        queues: rig.queues,
        heartbeats: { alive: async () => [] },
        metrics: { ...silentMetrics, gauge: (name, value) => void found.set(name, value) },
        now: () => Date.now() + 3_600_000,
      });
      return [found.get("BulkTasksPending"), found.get("BulkOldestJobAge")];
    };
    expect(await age()).toEqual([1, 0]);
    await run(rows(2));
    expect(await age()).toEqual([2, 3_600]);
  });

  test("a chunk that ends while its task is looked at does not make the task look lost", async () => {
    const id = await run(rows(2));
    rig.startTaskWorker();
    const { tasks, chunks } = rig.queues;
    while ((await tasks.getJobCounts("waiting-children"))["waiting-children"] !== 1) {
      await new Promise((r) => setTimeout(r, 10));
    }
    // The job of the task is to stay where its last chunk leaves it.
    await tasks.pause();
    const getJob = chunks.getJob.bind(chunks);
    chunks.getJob = async (chunkId) => {
      if (rig.index.vectors.size === 0) rig.startWorker();
      while ((await getJob(chunkId)) !== undefined) await new Promise((r) => setTimeout(r, 10));
      return undefined;
    };
    expect(await rig.jobs.isRunning(`run-${id}`)).toBe(true);
    await tasks.resume();
    expect(await rig.ended(id)).toMatchObject({ status: "COMPLETED", counts: { processed: 2 } });
  });

  test("a task that waits for a chunk which the broker does not have is dispatched again", async () => {
    const id = await run(rows(8));
    rig.startTaskWorker();
    const { chunks } = rig.queues;
    while ((await rig.queues.tasks.getJobCounts("waiting-children"))["waiting-children"] !== 1) {
      await new Promise((r) => setTimeout(r, 10));
    }
    await broker.lose(chunks, `${id}-2`);
    await rig.watch();
    while ((await chunks.getJob(`${id}-2`)) === undefined) await new Promise((r) => setTimeout(r, 10));
    rig.startWorker();
    expect(await rig.ended(id)).toMatchObject({ status: "COMPLETED", counts: { processed: 8 } });
  });

  test("a task whose jobs the broker lost is dispatched again by the watch, without the chunks that are over", async () => {
    const id = await run(rows(8));
    rig.startTaskWorker();
    while ((await rig.queues.chunks.getPrioritizedCount()) < 4) await new Promise((r) => setTimeout(r, 10));
    const [chunk] = rig.chunksOf(id);
    if (chunk === undefined) throw new Error("There is no chunk.");
    await rig.chunk(id, chunk);
    await broker.empty(rig.queues);
    await rig.watch();
    while ((await rig.queues.chunks.getPrioritizedCount()) < 3) await new Promise((r) => setTimeout(r, 10));
    rig.startWorker();
    expect(await rig.ended(id)).toMatchObject({ status: "COMPLETED", counts: { processed: 8 } });
    expect(rig.embedder.paid.filter((text) => text !== "receipt")).toHaveLength(8);
  });
});
