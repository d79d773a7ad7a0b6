import { bulkBody, readBulkRequest } from "../../../core/bulk/requests/bulk-request.ts";
import type { ParameterProblem } from "../../../core/catchup/requests/request-errors.ts";
import { RequestInvalidError } from "../../../core/catchup/requests/request-errors.ts";

const defaults = { questionId: "12", namespace: "v2", batchSize: 100, model: "small" };
const now = Date.parse("2026-03-02T10:00:00Z");
const read = (input: Record<string, unknown>) => readBulkRequest(input, defaults, now);

function problemsOf(input: Record<string, unknown>): readonly ParameterProblem[] {
  try {
    read(input);
    return [];
  } catch (error) {
    if (!(error instanceof RequestInvalidError)) throw error;
    return error.problems;
  }
}

const csv = { data_source: "s3_csv", s3_key: "in.csv" };

test("a request of a file is one for the workers, with every default", () => {
  expect(read(csv)).toMatchObject({
    data_source: "s3_csv",
    s3_key: "in.csv",
    host: "workers",
    namespace: "v2",
    batch_size: 100,
    start_date: "2026-03-01",
    end_date: "2026-03-02",
  });
});

test("sizes and priority are kept, and the index is sent no more than it takes", () => {
  const request = read({ ...csv, chunk_size: 100_000, batch_size: 10_000, priority: "high" });
  expect(request).toMatchObject({ chunk_size: 100_000, batch_size: 1_000, priority: "high" });
});

test("null and empty values are none", () => {
  const empty = { chunk_size: null, batch_size: "", priority: null, start_date: null, namespace: "" };
  expect(read({ ...csv, ...empty })).toEqual(read(csv));
});

test("two requests that differ in nothing but a default are the same", () => {
  expect(read({ ...csv, priority: "normal" })).toEqual(read(csv));
});

test("all problems are named at once, those that only show together too", () => {
  const problems = problemsOf({
    data_source: "s3_csv",
    chunk_size: 99,
    batch_size: 10_001,
    priority: "urgent",
    host: "function",
    start_date: "2026-02-30",
    end_date: "2026-01-01",
    colour: "red",
  });
  expect(problems.map(({ parameter }) => parameter).sort()).toEqual([
    "batch_size",
    "chunk_size",
    "colour",
    "host",
    "priority",
    "s3_key",
    "start_date",
  ]);
});

test.each([
  ["chunk_size", 99],
  ["chunk_size", 100_001],
  ["chunk_size", 1.5],
  ["chunk_size", "many"],
  ["batch_size", 99],
  ["batch_size", 10_001],
  ["priority", "NORMAL"],
  ["end_date", "2026-02-01"],
])("%s %j is refused with its accepted form", (parameter, given) => {
  const problems = problemsOf({ ...csv, start_date: "2026-03-01", [parameter]: given });
  expect(problems).toEqual([
    { parameter, given: expect.anything(), accepted: expect.stringMatching(/\S{3}/) },
  ]);
});

test("the described body has every parameter that is read, and host is none", () => {
  expect(Object.keys(bulkBody.shape)).toEqual(expect.arrayContaining(["chunk_size", "priority", "s3_key"]));
  expect(Object.keys(bulkBody.shape)).not.toContain("host");
});
