import { noCounts, showTask as show } from "../../../core/catchup/api/show-task.ts";
import { requestOf } from "../../unit/catchup/requests.ts";
import { taskOf } from "../../unit/catchup/task-tables.ts";

const counts = {
  processed: 30,
  failed: 5,
  filtered: 15,
  duplicates: 0,
  unchanged: 10,
  cached: 4,
  tokens: 300,
};
const usdPerMillionTokens = 0.02;
const showTask = (...given: [Parameters<typeof show>[0], Parameters<typeof show>[1], number]) =>
  show(...given, usdPerMillionTokens);
const started = "2026-03-01T12:00:00.000Z";
const aMinuteLater = Date.parse(started) + 60_000;
const running = { status: "IN_PROGRESS", rows: 200, chunks: 4, started_at: started } as const;

test("a task that is not planned yet has no totals, and no percentage to speak of", () => {
  const shown = showTask(taskOf(), noCounts, Date.now());
  expect(shown).toMatchObject({
    status: "PENDING",
    started_at: null,
    estimated_completion: null,
    progress: { total_records: null, chunks_total: null, processed_records: 0, percentage: 0 },
  });
});

test("progress is the sum of the chunks that have ended; rows of other dates are not in the total", () => {
  const chunks = new Map([
    [0, counts],
    [2, counts],
  ]);
  expect(showTask(taskOf(running), chunks, aMinuteLater).progress).toEqual({
    total_records: 170,
    processed_records: 60,
    failed_records: 10,
    filtered_records: 30,
    duplicate_records: 0,
    unchanged_records: 20,
    cached_records: 8,
    chunks_total: 4,
    chunks_completed: 2,
    chunks_failed: 0,
    percentage: 50,
    under_way: { embedded_records: 0, written_records: 0 },
  });
});

test("the end is estimated by how fast it went until now: half done in a minute, one more to go", () => {
  const shown = showTask(taskOf({ ...running, rows: 100 }), new Map([[0, counts]]), aMinuteLater);
  expect(shown.estimated_completion).toBe("2026-03-01T12:02:00.000Z");
});

test("there is no estimate without progress or after the end", () => {
  expect(showTask(taskOf(running), noCounts, aMinuteLater).estimated_completion).toBeNull();
  const over = taskOf({ ...running, status: "CANCELLED" });
  expect(showTask(over, new Map([[0, counts]]), aMinuteLater).estimated_completion).toBeNull();
});

test("100 is shown only where no row is left", () => {
  const almost = { ...counts, processed: 99_999, failed: 0, filtered: 0 };
  const task = taskOf({ ...running, rows: 100_000 });
  expect(showTask(task, new Map([[0, almost]]), aMinuteLater).progress.percentage).toBe(99.9);
  const all = { ...almost, processed: 100_000 };
  expect(showTask(task, new Map([[0, all]]), aMinuteLater).progress.percentage).toBe(100);
});

test("a task without rows is done when it is over", () => {
  const progressOf = (status: "IN_PROGRESS" | "SKIPPED") =>
    showTask(taskOf({ ...running, status, rows: 0 }), noCounts, aMinuteLater).progress.percentage;
  expect([progressOf("IN_PROGRESS"), progressOf("SKIPPED")]).toEqual([0, 100]);
});

test("a task that is over shows what it was settled with", () => {
  const task = taskOf({ ...running, status: "PARTIALLY_COMPLETED", rows: 50, counts, chunks_completed: 3 });
  const shown = showTask({ ...task, chunks_failed: 1, failed_records_key: "failed/x/" }, noCounts, 0);
  expect(shown.progress).toMatchObject({ processed_records: 30, chunks_completed: 3, chunks_failed: 1 });
  expect([shown.progress.percentage, shown.failed_records_key]).toEqual([100, "failed/x/"]);
});

test("nothing of the inside is shown", () => {
  const task = taskOf({
    ...running,
    worked_on_by: { kind: "state_machine", id: "arn:aws:states:x" },
    request: requestOf(),
  });
  const text = JSON.stringify(showTask(task, noCounts, aMinuteLater));
  expect(text).not.toMatch(/arn:|alive_until|expires_at|PK|TASK#/);
});

describe("a task says what it is for, and what it has cost", () => {
  test("the request as it was accepted, where it is worked on, tokens and dollars", () => {
    const task = taskOf({
      ...running,
      worked_on_by: { kind: "state_machine", id: "arn:aws:states:execution" },
    });
    const { request, host, spent, reason } = showTask(
      task,
      new Map([[0, { ...counts, tokens: 3_000_000 }]]),
      aMinuteLater,
    );
    const { date_column_required, ...accepted } = requestOf();
    expect(request).toEqual(accepted);
    expect({ host, spent, reason }).toEqual({
      host: "state_machine",
      spent: { tokens: 3_000_000, cost_usd: 0.06 },
      reason: null,
    });
  });

  test("a dry run has spent nothing", () => {
    const task = taskOf({ ...running, request: requestOf({ dry_run: true }) });
    expect(showTask(task, new Map([[0, counts]]), aMinuteLater)).toMatchObject({
      spent: { tokens: 0, cost_usd: 0 },
      host: "function",
    });
  });

  test.each([
    [{ rows: 0, counts: { ...counts, processed: 0, failed: 0, filtered: 0 } }, "The source has no rows."],
    [
      { rows: 7, counts: { ...counts, processed: 0, failed: 0, filtered: 7 } },
      "7 of 7 rows are outside the dates 2024-03-01 to 2024-03-02, by the column created_at.",
    ],
  ])("SKIPPED has a reason: %j", (changed, reason) => {
    expect(
      showTask(taskOf({ ...running, status: "SKIPPED", ...changed }), noCounts, aMinuteLater).reason,
    ).toBe(reason);
  });
});

test("a chunk that is worked on moves the percentage, and 100 is left to the end", () => {
  const at = (embedded: number, written: number) =>
    show(taskOf(running), noCounts, aMinuteLater, usdPerMillionTokens, { underWay: { embedded, written } })
      .progress;
  expect(at(100, 0)).toMatchObject({
    percentage: 25,
    processed_records: 0,
    under_way: { embedded_records: 100, written_records: 0 },
  });
  expect(at(200, 200).percentage).toBe(99.9);
});
