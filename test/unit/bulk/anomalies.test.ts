import { type Anomaly, anomaliesOf, type ObservedTask, paceOf } from "../../../core/bulk/api/anomalies.ts";
import type { Counts } from "../../../core/catchup/tasks/counts.ts";
import { nothing } from "../../../core/catchup/tasks/counts.ts";
import type { Task } from "../../../core/catchup/tasks/task.ts";
import { taskOf } from "../catchup/task-tables.ts";

const now = Date.parse("2026-03-02T10:00:00Z");
const hour = 3_600_000;

function observed(task: Partial<Task>, counts: Partial<Counts> = {}, touchedAt = now): ObservedTask {
  const isOpen = task.status === "IN_PROGRESS";
  return { task: taskOf(task), counts: { ...nothing, ...counts }, isOpen, touchedAt };
}

/** A completed task of 1,000 rows. */
function completed(seconds: number): ObservedTask {
  return observed(
    {
      status: "COMPLETED",
      started_at: new Date(now - hour).toISOString(),
      completed_at: new Date(now - hour + seconds * 1_000).toISOString(),
    },
    { processed: 990, filtered: 10 },
  );
}

const pace = paceOf([completed(60), completed(120), completed(180)]);
const kinds = (task: ObservedTask): Anomaly["kind"][] => anomaliesOf(task, pace, now).map(({ kind }) => kind);

test.each([
  [85, 15, []],
  [84, 16, ["failure_rate"]],
  [1, 98, []],
  [0, 100, ["failure_rate"]],
])("of %i records in the index and %i failed: %j", (processed, failed, expected) => {
  expect(kinds(observed({ status: "PARTIALLY_COMPLETED" }, { processed, failed }))).toEqual(expected);
});

test.each([
  ["IN_PROGRESS", 4 * hour, []],
  ["IN_PROGRESS", 4 * hour + 1, ["not_updated"]],
  ["COMPLETED", 9 * hour, []],
] as const)("a task that is %s and unchanged for %i ms: %j", (status, silentMs, expected) => {
  expect(kinds(observed({ status }, {}, now - silentMs))).toEqual(expected);
});

test.each([
  [1_000, 360, []],
  [1_000, 361, ["slow"]],
  [2_000, 361, []],
  [100, 59, []],
])("with a mean of 120 s per 1,000 rows, %i rows under way for %i s: %j", (rows, seconds, expected) => {
  const started_at = new Date(now - seconds * 1_000).toISOString();
  expect(kinds(observed({ status: "IN_PROGRESS", rows, started_at }))).toEqual(expected);
});

test("no task is slow before three are completed", () => {
  const few = paceOf([completed(60), completed(120)]);
  const task = observed({ status: "IN_PROGRESS", rows: 10, started_at: new Date(now - hour).toISOString() });
  expect(anomaliesOf(task, few, now)).toEqual([]);
});
