import { gzipSync } from "node:zlib";
import fc from "fast-check";
import type { ProcessRequest } from "../../../core/catchup/requests/process-request.ts";
import { planOf } from "../../../core/catchup/sources/make-plan.ts";
import type { Chunk } from "../../../core/catchup/sources/plan.ts";
import { rowsOfChunk } from "../../../core/catchup/sources/read-chunk.ts";
import { readChunks } from "../../../core/catchup/sources/stored-plan.ts";
import { newTaskId } from "../../../core/catchup/tasks/task.ts";
import { MemoryObjects } from "./memory-objects.ts";
import { requestOf } from "./requests.ts";

const source = new MemoryObjects();
const work = new MemoryObjects();
const services = { source, work, limits: { rows: 3, bytes: 1_000_000 }, metabase: undefined };

beforeEach(() => {
  source.objects.clear();
  work.objects.clear();
  source.pieceLength = 64 * 1024;
});

async function planned(request: Partial<ProcessRequest> = {}, taskId = newTaskId(Date.now())) {
  const plan = await planOf(taskId, requestOf(request), services);
  const chunks = await readChunks(plan, work);
  const read = async (chunk: Chunk) => {
    const store = chunk.place === "source" ? source : work;
    return rowsOfChunk(await store.readRange(chunk.key, chunk.etag, chunk.first, chunk.last), chunk, plan);
  };
  return { plan, chunks, rows: (await Promise.all(chunks.map(read))).flat() };
}

const header = "id,formatted_text,created_at\n";

test("the rows of the chunks are the rows of the file, numbered from 1, each once", async () => {
  source.put("in.csv", `${header}${Array.from({ length: 8 }, (_, n) => `${n},text ${n},\n`).join("")}`);
  const { plan, chunks, rows } = await planned();
  expect(plan).toMatchObject({ rows: 8, chunks: 3, columns: ["id", "formatted_text", "created_at"] });
  expect(chunks.map(({ first_row, rows: count }) => [first_row, count])).toEqual([
    [1, 3],
    [4, 3],
    [7, 2],
  ]);
  expect(rows.map(({ row, source: { id } }) => [row, id])).toEqual(
    Array.from({ length: 8 }, (_, n) => [n + 1, String(n)]),
  );
});

test("a gzip file has the same rows in the same chunks as the plain one, also in small pieces", async () => {
  const line = fc.constantFrom("1,a,\n", '2,"b\nc",\r\n', "\n", "3,é😀,\n", "4,no newline at the end,");
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 12 }),
      fc.integer({ min: 1, max: 40 }),
      async (lines, length) => {
        const text = header + lines.join("");
        source.put("in.csv", text);
        source.put("in.csv.gz", gzipSync(text));
        source.pieceLength = length;
        const plain = await planned();
        const packed = await planned({ s3_key: "in.csv.gz" });
        expect(packed.rows).toEqual(plain.rows);
        expect(packed.plan).toMatchObject({ rows: plain.plan.rows, columns: plain.plan.columns });
        expect(packed.chunks.map(({ rows, first_row }) => [rows, first_row])).toEqual(
          plain.chunks.map(({ rows, first_row }) => [rows, first_row]),
        );
      },
    ),
    { numRuns: 100 },
  );
});

test("a gzip file that is truncated or corrupt is a permanent error that names the file", async () => {
  const packed = gzipSync(`${header}1,${"a".repeat(1_000)},\n`);
  source.put("in.csv", packed.subarray(0, packed.length - 20));
  await expect(planned()).rejects.toMatchObject({ name: "SourceNotUnpackedError" });
  source.put("in.csv", Buffer.concat([packed.subarray(0, 20), Buffer.alloc(20, 7)]));
  await expect(planned()).rejects.toMatchObject({ name: "SourceNotUnpackedError" });
});

test("a plan is made once: another attempt, also at the same time, gives the same one", async () => {
  source.put("in.csv", `${header}1,a,\n`);
  const id = newTaskId(Date.now());
  const [one, two] = await Promise.all([planned({}, id), planned({}, id)]);
  source.put("in.csv", `${header}1,a,\n2,b,\n`);
  const { plan } = await planOf(id, requestOf(), services).then((again) => ({ plan: again }));
  expect([two.plan, plan]).toEqual([one.plan, one.plan]);
});

test("a row with more or fewer cells than the header is marked, and keeps its cells", async () => {
  source.put("in.csv", `${header}1,a\n2,b,,x\n`);
  const { rows } = await planned();
  expect(rows).toEqual([
    {
      row: 1,
      source: { id: "1", formatted_text: "a" },
      misfit: { reason: "columns_disagree", detail: expect.stringContaining("2 cells") },
    },
    {
      row: 2,
      source: { id: "2", formatted_text: "b", created_at: "", "column 4": "x" },
      misfit: { reason: "columns_disagree", detail: expect.stringContaining("4 cells") },
    },
  ]);
});

test("a row with blanks after closing quotes says of which column, and keeps its cells without them", async () => {
  source.put("in.csv", `${header}1,"a" ,\n`);
  const { rows } = await planned();
  const misfit = {
    reason: "quotes_unfit",
    detail: expect.stringMatching(/^The column formatted_text has blanks/),
  };
  expect(rows).toEqual([{ row: 1, source: { id: "1", formatted_text: "a", created_at: "" }, misfit }]);
});

describe("dates are filtered", () => {
  test("by the date column where the file has it", async () => {
    source.put("in.csv", `${header}1,a,2024-03-01\n`);
    expect((await planned()).plan.date_column).toBe("created_at");
    source.put("in.csv", "id,formatted_text\n1,a\n");
    expect((await planned()).plan.date_column).toBeUndefined();
  });

  test("or the plan fails, where dates are requested and there is no such column", async () => {
    source.put("in.csv", "id,formatted_text\n1,a\n");
    await expect(planned({ date_column_required: true })).rejects.toMatchObject({
      name: "CsvHeaderInvalidError",
    });
  });
});

test.each([
  ["no object", undefined, "SourceMissingError"],
  ["an empty object", "", "SourceEmptyError"],
  ["open quotes", `${header}1,"a,\n`, "CsvUnterminatedError"],
])("%s is the fault of the request: %s", async (_, text, name) => {
  if (text !== undefined) source.put("in.csv", text);
  await expect(planned()).rejects.toMatchObject({ name });
});

test("a stack without Metabase refuses questions with the reason", async () => {
  await expect(planned({ data_source: "metabase" })).rejects.toMatchObject({ name: "MetabaseMissingError" });
});
