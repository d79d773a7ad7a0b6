import { readFailedRecords } from "../../../../cli/catchup/failed-records.ts";
import { failedLines, isGood, outcomeLines } from "../../../../cli/catchup/outcome.ts";
import { asLines, type FailedRecord } from "../../../../core/catchup/records/failed-record.ts";
import { statuses } from "../../../../core/catchup/tasks/task.ts";
import { shown } from "./shown.ts";

const over = { completed_at: "2026-11-01T12:00:02.500Z" } as const;

test("only a task whose every record is where it should be is good", () => {
  expect(statuses.filter((status) => isGood(shown({}, { status })))).toEqual(["COMPLETED", "SKIPPED"]);
});

test("the summary accounts for every row, and has the duration", () => {
  const counts = { processed_records: 1_030, failed_records: 3, filtered_records: 7, unchanged_records: 30 };
  expect(outcomeLines(shown(counts, over))).toEqual([
    "1,033 records: 1,030 are in the index, 3 failed",
    "30 of them are unchanged in the index and were not embedded again",
    "7 rows are outside the dates",
    "2.5 s from the request to the end",
  ]);
});

test("F28: replaced rows are reported, and not counted as indexed", () => {
  const counts = { total_records: 4, processed_records: 2, duplicate_records: 2 };
  expect(outcomeLines(shown(counts, { ...over, duplicate_records_key: "duplicates/t/" }))).toEqual([
    "4 records: 2 are in the index, 0 failed",
    "2 were replaced by later rows of the same id: duplicates/t/",
    "2.5 s from the request to the end",
  ]);
});

test("a file without rows is reported as such", () => {
  expect(outcomeLines(shown({ total_records: 0 }, { ...over, status: "SKIPPED" }))[0]).toBe(
    "The source has a header and no rows.",
  );
});

test("a dry run prints its cost, and claims no indexed record", () => {
  const estimate = { tokens: 1_200_000, cost_usd: 0.024, seconds: 90 };
  const lines = outcomeLines(shown({ processed_records: 40 }, { ...over, dry_run: true, estimate }));
  expect(lines).toContain("40 records: 40 could be indexed, 0 failed");
  expect(lines).toContain("1,200,000 tokens, 0.024 USD, 90 s at the provider's limits");
});

test("a task that failed says why", () => {
  expect(outcomeLines(shown({}, { ...over, error: "There is no column id." }))).toContain(
    "There is no column id.",
  );
});

test("failed records are counted by reason over all files, and the first are shown", async () => {
  const record = (row: number, reason: FailedRecord["reason"]): FailedRecord => ({
    row,
    reason,
    detail: `detail ${row}`,
    source: { id: `00${row}` },
  });
  const files = new Map([
    ["failed/t/000000.ndjson", asLines([record(1, "text_blank"), record(2, "id_blank")])],
    ["failed/t/000003.ndjson", asLines([record(9, "text_blank")])],
  ]);
  const work = {
    async *list() {
      for (const key of files.keys()) yield { key, etag: "", bytes: 0 };
    },
    read: async (key: string) => Buffer.from(files.get(key) ?? ""),
  };
  const failed = await readFailedRecords("failed/t/", work, 2);
  expect(failedLines(failed)).toEqual([
    "failed  reason",
    "     2  text_blank",
    "     1  id_blank",
    "",
    "row  id   reason      detail",
    "  1  001  text_blank  detail 1",
    "  2  002  id_blank    detail 2",
  ]);
});
