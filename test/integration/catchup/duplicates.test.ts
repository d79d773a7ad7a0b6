import fc from "fast-check";
import { newTaskId } from "../../../core/catchup/tasks/task.ts";
import { sampled } from "../../faults/seeds.ts";
import { TaskRig } from "../../unit/catchup/task-rig.ts";
import { TaskTables } from "../../unit/catchup/task-tables.ts";

let tables: TaskTables;

beforeAll(async () => {
  tables = await TaskTables.start();
});
afterAll(() => tables.stop());

const header = "id,formatted_text,record_type,created_at\n";
const row = fc.record({
  id: fc.constantFrom("1", "2", " 1", "", "é"),
  type: fc.constantFrom("", "orders", "v2", "a#b"),
  day: fc.constantFrom("2024-03-01", "2020-01-01", "never"),
  cells: fc.constantFrom("", ",one too many"),
});
type Row = typeof row extends fc.Arbitrary<infer Value> ? Value : never;

const csvOf = (rows: readonly Row[]) =>
  header + rows.map(({ id, type, day, cells }, n) => `${id},text ${n + 1},${type},${day}${cells}\n`).join("");

/** What the file's last rows say, written down without any of the product's code. */
function expected(rows: readonly Row[]) {
  const texts: Record<string, string> = {};
  const last = new Map<string, number>();
  const duplicates: number[] = [];
  let failed = 0;
  let filtered = 0;
  rows.forEach(({ id, type, day, cells }, index) => {
    const place = `${type || "v2"}/12.${id.trim()}`;
    if (cells === "" && day === "2020-01-01") filtered += 1;
    else if (cells !== "" || day === "never" || id === "" || id === "é" || type === "a#b") failed += 1;
    else {
      const earlier = last.get(place);
      if (earlier !== undefined) duplicates.push(earlier);
      last.set(place, index + 1);
      texts[place] = `text ${index + 1}`;
    }
  });
  return { texts, failed, filtered, duplicates: duplicates.sort((a, b) => a - b) };
}

test("F28: the last row of the file wins, in every order of the chunks and when they are delivered again", async () => {
  const orders = fc.array(fc.nat(), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 14 }), orders, async (rows, order) => {
      const rig = new TaskRig(tables);
      rig.rowsPerFunction = 0;
      const id = await rig.accept(csvOf(rows), { host: "state_machine" });
      await rig.run(id);
      const chunks = rig.chunksOf(id);
      const turns = [...order.map((one) => chunks[one % chunks.length]), ...chunks.toReversed()];
      for (const chunk of turns) if (chunk) await rig.chunk(id, chunk);
      await rig.settle(id);
      const { texts, failed, filtered, duplicates } = expected(rows);
      expect(rig.index.texts).toEqual(texts);
      const processed = Object.keys(texts).length;
      expect((await rig.task(id)).counts).toMatchObject({
        processed,
        failed,
        filtered,
        duplicates: duplicates.length,
      });
      expect(processed + failed + filtered + duplicates.length).toBe(rows.length);
      expect(rig.duplicateRows(id)).toEqual(duplicates.map((number) => [number, "replaced"]));
    }),
    { numRuns: sampled(25) },
  );
});

test("F28: on the function's host, 2,100 ids that are there twice in different chunks are 2,100 vectors of the later rows", async () => {
  const rig = new TaskRig(tables);
  rig.limits = { rows: 500, bytes: 1_000_000 };
  rig.rowsPerFunction = 10_000;
  const rows = Array.from({ length: 4_200 }, (_, n) => `${n % 2_100},${n < 2_100 ? "old" : "new"} ${n},,\n`);
  const id = await rig.accept(header + rows.join(""), { all_dates: true });
  await rig.run(id);
  const task = await rig.task(id);
  expect(task).toMatchObject({
    status: "COMPLETED",
    counts: { processed: 2_100, failed: 0, filtered: 0, duplicates: 2_100 },
    duplicate_records_key: `duplicates/${id}/`,
  });
  expect(Object.values(rig.index.texts).every((text) => String(text).startsWith("new"))).toBe(true);
  expect(rig.index.vectors.size).toBe(2_100);
  expect(rig.embedder.paid.length).toBe(2_100);
});

test("F28: a replaced row names the row that replaces it, and is kept as it was read", async () => {
  const rig = new TaskRig(tables);
  const id = await rig.accept("id,formatted_text\n7,old\n8,x\n7,new\n");
  await rig.run(id);
  expect(JSON.parse(rig.work.text(`duplicates/${id}/000000.ndjson`) ?? "")).toEqual({
    row: 1,
    reason: "replaced",
    detail: "Row 3 has the same id and namespace and comes later.",
    source: { id: "7", formatted_text: "old" },
  });
});

test("F28: rows of a chunk that was given up fail, but not those that later rows replace; a retry brings none of them back", async () => {
  const rig = new TaskRig(tables);
  rig.rowsPerFunction = 0;
  const id = await rig.accept("id,formatted_text\n1,old\n2,b\n1,new\n3,c\n", { host: "state_machine" });
  await rig.run(id);
  const [, second] = rig.chunksOf(id);
  if (second) await rig.chunk(id, second);
  await rig.settle(id);
  expect((await rig.task(id)).counts).toMatchObject({ processed: 2, failed: 1, duplicates: 1 });
  expect(rig.failedRows(id)).toEqual([[2, "chunk_failed"]]);
  expect(rig.duplicateRows(id)).toEqual([[1, "replaced"]]);

  const retry = await rig.accept(undefined, {
    data_source: "failed_records",
    retry_of: id,
    host: "function",
  });
  await rig.run(retry);
  expect(await rig.task(retry)).toMatchObject({
    status: "COMPLETED",
    counts: { processed: 1, duplicates: 0 },
  });
  expect(rig.index.texts).toEqual({ "v2/12.1": "new", "v2/12.2": "b", "v2/12.3": "c" });
});

test("F28: of failed records of one place, as tasks of an earlier version left them, a retry takes the last", async () => {
  const rig = new TaskRig(tables);
  const retried = newTaskId(Date.now());
  const line = (n: number, text: string) =>
    `${JSON.stringify({ row: n, reason: "chunk_failed", detail: "", source: { id: "1", formatted_text: text } })}\n`;
  rig.work.put(`failed/${retried}/000000.ndjson`, line(3, "old"));
  rig.work.put(`failed/${retried}/000001.ndjson`, line(9, "new"));
  const id = await rig.accept(undefined, { data_source: "failed_records", retry_of: retried });
  await rig.run(id);
  expect(rig.index.texts).toEqual({ "v2/12.1": "new" });
  expect(rig.duplicateRows(id)).toEqual([[3, "replaced"]]);
});

test("F28: a dry run counts the duplicates too, without their tokens", async () => {
  const rig = new TaskRig(tables);
  const id = await rig.accept("id,formatted_text\n1,one two\n1,three\n", { dry_run: true });
  await rig.run(id);
  expect((await rig.task(id)).counts).toMatchObject({ processed: 1, duplicates: 1, tokens: 1 });
});
