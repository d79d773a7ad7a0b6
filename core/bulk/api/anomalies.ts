import { type Counts, rowsIn } from "../../catchup/tasks/counts.ts";
import type { Task } from "../../catchup/tasks/task.ts";

const maxFailureRate = 0.15;
/** A failure rate over fewer rows is not significant. */
const minRowsForRate = 100;
const maxSilentMs = 4 * 3_600_000;
const maxTimesMean = 3;
/** A mean over fewer tasks is not significant. */
const minTasksForMean = 3;
/** A task that is faster than this is never reported as slow. */
const minSlowMs = 60_000;

export const anomalyKinds = ["failure_rate", "not_updated", "slow"] as const;

export interface Anomaly {
  readonly task_id: string;
  readonly kind: (typeof anomalyKinds)[number];
  readonly severity: "high" | "medium";
  readonly detail: string;
}

/** A task with the state that anomalies are detected from. */
export interface ObservedTask {
  readonly task: Task;
  /** The counts of the rows with a result. */
  readonly counts: Counts;
  readonly isOpen: boolean;
  /** Epoch milliseconds of the last change of the task or one of its chunks. */
  readonly touchedAt: number;
}

/** The mean time per row of completed tasks. */
export interface Pace {
  readonly tasks: number;
  readonly msPerRow: number;
}

export function paceOf(tasks: readonly ObservedTask[]): Pace {
  let [over, ms, rows] = [0, 0, 0];
  for (const { task, counts } of tasks) {
    if (task.status !== "COMPLETED" || task.started_at === undefined || task.completed_at === undefined)
      continue;
    over += 1;
    ms += Date.parse(task.completed_at) - Date.parse(task.started_at);
    rows += rowsIn(counts);
  }
  return { tasks: over, msPerRow: rows === 0 ? 0 : ms / rows };
}

/** Returns the anomalies of a task for an operator. Durations are compared per row, because tasks differ in size. */
export function anomaliesOf(observed: ObservedTask, pace: Pace, now: number): Anomaly[] {
  const { task, isOpen, touchedAt } = observed;
  const found: Omit<Anomaly, "task_id">[] = [];
  const rate = failureRate(observed);
  if (rate > maxFailureRate) {
    const detail = `${(rate * 100).toFixed(1)} % of its records failed.`;
    found.push({ kind: "failure_rate", severity: "high", detail });
  }
  const silentMs = now - touchedAt;
  if (isOpen && silentMs > maxSilentMs) {
    const detail = `It has not changed for ${(silentMs / 3_600_000).toFixed(1)} hours.`;
    found.push({ kind: "not_updated", severity: "high", detail });
  }
  const times = timesMean(observed, pace, now);
  if (times > maxTimesMean) {
    const detail = `It has taken ${times.toFixed(1)} times as long per row as completed tasks.`;
    found.push({ kind: "slow", severity: "medium", detail });
  }
  return found.map((one) => ({ task_id: task.task_id, ...one }));
}

function failureRate({ counts: { processed, failed } }: ObservedTask): number {
  const done = processed + failed;
  return done < minRowsForRate ? 0 : failed / done;
}

function timesMean({ task, isOpen }: ObservedTask, { tasks, msPerRow }: Pace, now: number): number {
  const { rows, started_at } = task;
  if (!isOpen || !rows || started_at === undefined || tasks < minTasksForMean || msPerRow === 0) return 0;
  const elapsed = now - Date.parse(started_at);
  return elapsed < minSlowMs ? 0 : elapsed / (msPerRow * rows);
}
