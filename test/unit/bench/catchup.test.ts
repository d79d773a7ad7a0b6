import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { reportOf } from "../../../bench/catchup/function-reports.ts";
import type { Run } from "../../../bench/catchup/measure.ts";
import { catchUpOptions } from "../../../bench/catchup/options.ts";
import { loadLines, runLines, sinkVerdicts, verdicts } from "../../../bench/catchup/report.ts";
import { writeRows } from "../../../bench/catchup/rows-file.ts";

test("the files have the given number of rows with different texts, many of several lines, the same every time", async () => {
  const folder = mkdtempSync(join(tmpdir(), "rows-"));
  try {
    const bytes = await writeRows(join(folder, "a.csv"), 2_500);
    await writeRows(join(folder, "b.csv"), 2_500);
    const file = readFileSync(join(folder, "a.csv"));
    expect([bytes, file]).toEqual([file.length, readFileSync(join(folder, "b.csv"))]);
    const rows = parse<{ formatted_text: string }>(file, { columns: true });
    expect(new Set(rows.map(({ formatted_text }) => formatted_text)).size).toBe(2_500);
    expect(rows.filter(({ formatted_text }) => formatted_text.includes("\n")).length).toBe(1_666);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the sizes are those of the issue, a million rows only when asked for", () => {
  expect(catchUpOptions([]).rows).toEqual([10_000, 100_000]);
  expect(catchUpOptions(["--full"]).rows).toEqual([10_000, 100_000, 1_000_000]);
  expect(catchUpOptions(["--rows", "20000"]).rows).toEqual([20_000]);
  expect(() => catchUpOptions(["--rows", "0"])).toThrow("npm run bench:catchup -- --help");
});

test("another sink is set beside Pinecone where it is asked for, by its rate over the same rows", () => {
  expect(catchUpOptions([]).comparedSink).toBeUndefined();
  expect(catchUpOptions(["--sink", "s3vectors"]).comparedSink).toBe("s3vectors");
  expect(() => catchUpOptions(["--sink", "chroma"])).toThrow("--sink chroma is not s3vectors");
  const run = { rows: 1_000, seconds: 2 } as Run;
  const [slow, quick] = [2.5, 1].map((seconds) => sinkVerdicts([run], new Map([[1_000, seconds]]))[0]);
  expect(slow).toEqual({
    pass: false,
    text: "FAIL  1,000 rows into S3 Vectors: 400 rows/s, 0.80 of the rate into Pinecone, bound 0.9",
  });
  expect(quick?.pass).toBe(true);
});

test("REPORT lines give invocations, seconds and peak memory", () => {
  const line = (billed: number, memory: number) =>
    `REPORT RequestId: a\tDuration: 1.00 ms\tBilled Duration: ${billed} ms\tMemory Size: 1024 MB\tMax Memory Used: ${memory} MB`;
  const lines = [line(1_500, 200), "a line about a REPORT", line(500, 180)];
  expect(reportOf(lines)).toEqual({ invocations: 2, billedSeconds: 2, peakMegabytes: 200 });
});

describe("the report", () => {
  const of = (megabytes: number) => ({ invocations: 1, billedSeconds: 1, peakMegabytes: megabytes });
  const functions = { api: of(100), run: of(200), chunk: of(300), settle: of(100) };
  const small: Run = { taskId: "task", rows: 10_000, bareSeconds: 5, seconds: 4, bytesRead: 2, functions };
  const large: Run = { ...small, rows: 100_000, bareSeconds: 50, seconds: 40 };
  const load = { taskId: "task", rows: 100_000, perSecond: 50, milliseconds: [5, 6, 49], failures: 0 };
  const passes = (runs: readonly Run[], asked = load) => verdicts(runs, asked).map(({ pass }) => pass);

  it("says rows a second, and of the bare loop", () => {
    expect(runLines(small)).toContain("10,000 rows in 4.0 s: 2,500 rows/s");
    expect(runLines(small)).toContain("bare loop 2,000 rows/s: 1.25 of it; read from S3 2.00 times the file");
    expect(loadLines(load)).toContain("p50 6.0 ms, p99 49.0 ms, 0 failed");
  });

  it("passes within all bounds, and fails each that is missed alone", () => {
    expect(passes([small, large])).toEqual([true, true, true, true]);
    expect(passes([small, { ...large, functions: { ...functions, run: of(512) } }])[0]).toBe(false);
    expect(passes([small, { ...large, bytesRead: 2.11 }])[1]).toBe(false);
    expect(passes([small, { ...large, seconds: 48.1 }])[2]).toBe(false);
    expect(passes([small, large], { ...load, milliseconds: [50] })[3]).toBe(false);
    expect(passes([small, large], { ...load, failures: 1 })[3]).toBe(false);
  });
});
