import fc from "fast-check";
import { rowsIn } from "../../../core/catchup/tasks/counts.ts";
import { sampled } from "../../faults/seeds.ts";
import { Crash } from "../../unit/catchup/crashes.ts";
import { TaskRig } from "../../unit/catchup/task-rig.ts";
import { TaskTables } from "../../unit/catchup/task-tables.ts";

let tables: TaskTables;

beforeAll(async () => {
  tables = await TaskTables.start();
});
afterAll(() => tables.stop());

const header = "id,formatted_text,cursed\n";
const five = `${header}1,a,\n2,b,\n3,c,\n4,d,\n5,e,\n`;

/** A task of the state machine, planned, none of whose chunks was worked on. */
async function planned(csv: string, rig = new TaskRig(tables)) {
  rig.rowsPerFunction = 0;
  const id = await rig.accept(csv);
  await rig.run(id);
  return { rig, id, chunks: rig.chunksOf(id) };
}

const row = fc.constantFrom("good,", "poison,", "fine,true", ",", "x,maybe", "only the id");

test("processed, failed and filtered are all rows, whatever becomes of rows and chunks (F18, F20)", async () => {
  const fates = fc.array(fc.constantFrom("done", "twice", "done, its counts lost", "given up"), {
    minLength: 8,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 14 }), fates, async (lines, fate) => {
      const { rig, id, chunks } = await planned(header + lines.map((line, n) => `${n},${line}\n`).join(""));
      for (const chunk of chunks) {
        const what = fate[chunk.chunk];
        if (what === "given up") continue;
        if (what === "done, its counts lost") {
          const set = rig.taskServices.chunkCounts.set;
          Object.assign(tables.chunkCounts, { set: async () => undefined });
          await rig.chunk(id, chunk);
          Object.assign(tables.chunkCounts, { set });
          continue;
        }
        await rig.chunk(id, chunk);
        if (what === "twice") await rig.chunk(id, chunk);
      }
      await rig.settle(id);
      const { counts, rows, chunks_failed, chunks_completed, status } = await rig.task(id);
      if (!counts) throw new Error("The task was not settled.");
      const givenUp = chunks.filter(({ chunk }) => fate[chunk] === "given up").length;
      expect(rows).toBe(lines.length);
      expect(rowsIn(counts)).toBe(lines.length);
      expect([chunks_failed, chunks_completed]).toEqual([givenUp, chunks.length - givenUp]);
      expect(rig.failedRows(id)).toHaveLength(counts.failed);
      expect(new Set(rig.failedRows(id).map(([number]) => number)).size).toBe(counts.failed);
      expect(rig.index.vectors.size).toBe(counts.processed);
      expect(status).toBe(
        counts.failed === 0 ? "COMPLETED" : counts.processed === 0 ? "FAILED" : "PARTIALLY_COMPLETED",
      );
    }),
    { numRuns: sampled(40) },
  );
}, 30_000);

test("the rows of a chunk that was given up fail with it, and are kept; a misfit keeps its own reason", async () => {
  const { rig, id, chunks } = await planned(`${header}1,a,\n2,b,\n3,c\n4,"d" ,\n5,e,\n6,f,\n`);
  for (const chunk of chunks) if (chunk.chunk === 0) await rig.chunk(id, chunk);
  await rig.settle(id);
  expect(await rig.task(id)).toMatchObject({
    status: "PARTIALLY_COMPLETED",
    counts: { processed: 2, failed: 4 },
    chunks_completed: 1,
    chunks_failed: 2,
    failed_records_key: `failed/${id}/`,
  });
  expect(rig.failedRows(id)).toEqual([
    [3, "columns_disagree"],
    [4, "quotes_unfit"],
    [5, "chunk_failed"],
    [6, "chunk_failed"],
  ]);
});

test("rows of a source that was replaced are reported by their numbers", async () => {
  const { rig, id } = await planned(five);
  rig.source.put(`${id}.csv`, "something else");
  await rig.settle(id);
  expect(rig.failedRows(id).map(([number]) => number)).toEqual([1, 2, 3, 4, 5]);
  expect(await rig.task(id)).toMatchObject({
    status: "FAILED",
    error: expect.stringContaining("Every record"),
  });
});

test("a task that was cancelled stays cancelled, and no chunk of it begins any more", async () => {
  const { rig, id, chunks } = await planned(five);
  await tables.tasks.change(id, { status: "CANCELLED" });
  for (const chunk of chunks) await rig.chunk(id, chunk);
  await rig.settle(id);
  expect(rig.embedder.paid).toEqual([]);
  expect(await rig.task(id)).toMatchObject({ status: "CANCELLED" });
  expect(rig.counted).toEqual({});
});

test("totals that do not add up are not settled, and reported (F19, F20)", async () => {
  const { rig, id, chunks } = await planned(five);
  for (const chunk of chunks) await rig.chunk(id, chunk);
  const wrong = { processed: 7, failed: 0, filtered: 0, duplicates: 0, unchanged: 0, cached: 0, tokens: 0 };
  await tables.chunkCounts.set(id, 0, wrong, (await rig.task(id)).expires_at);
  await expect(rig.settle(id)).rejects.toMatchObject({ name: "TotalsDisagreeError" });
  expect((await rig.task(id)).status).toBe("IN_PROGRESS");
});

test("a task is counted for its operators once, however often it is settled", async () => {
  const { rig, id, chunks } = await planned(five);
  for (const chunk of chunks) await rig.chunk(id, chunk);
  await Promise.all([rig.settle(id), rig.settle(id)]);
  await rig.settle(id);
  expect(rig.counted).toEqual({
    CatchUpRecordsProcessed: 5,
    CatchUpRecordsCached: 0,
    CatchUpRecordsFailed: 0,
  });
});

test.each(["before", "after"] as const)(
  "an end that dies %s any call to storage ends the same way when it is tried again (F20)",
  async (when) => {
    const quiet = await planned(five);
    await quiet.rig.chunk(quiet.id, quiet.chunks[0] as (typeof quiet.chunks)[number]);
    const before = quiet.rig.crashes.calls.length;
    await quiet.rig.settle(quiet.id);
    const expected = (await quiet.rig.task(quiet.id)).counts;
    const calls = quiet.rig.crashes.calls.length - before;
    expect(calls).toBeGreaterThan(5);
    for (let at = 1; at <= calls; at += 1) {
      const { rig, id, chunks } = await planned(five);
      await rig.chunk(id, chunks[0] as (typeof chunks)[number]);
      rig.crashes.arm(at, when);
      await expect(rig.settle(id)).rejects.toThrow(Crash);
      rig.crashes.disarm();
      await rig.settle(id);
      expect((await rig.task(id)).counts).toEqual(expected);
      expect(rig.failedRows(id)).toEqual(quiet.rig.failedRows(quiet.id));
    }
  },
);
