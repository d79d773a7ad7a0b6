import { type Counts, rowsIn } from "../../catchup/tasks/counts.ts";
import type { Task } from "../../catchup/tasks/task.ts";

const maxFailureRate = 0.15;
/** Of fewer rows a rate says nothing. */
const minRowsForRate = 100;
const maxSilentMs = 4 * 3_600_000;
const maxTimesMean = 3;
/** A mean of fewer tasks says nothing. */
const minTasksForMean = 3;
/** A task that takes no longer is no concern of anybody's. */
const minSlowMs = 60_000;

export const anomalyKinds = ["failure_rate", "not_updated", "slow"] as const;

export interface Anomaly {
  readonly task_id: string;
  readonly kind: (typeof anomalyKinds)[number];
  readonly severity: "high" | "medium";
  readonly detail: string;
}

/** What is known of a task. */
export interface ObservedTask {
  readonly task: Task;
  /** Of the rows that are over. */
  readonly counts: Counts;
  readonly isOpen: boolean;
  /** When it or one of its chunks changed last; epoch ms. */
  readonly touchedAt: number;
}

/** Mean time per row of tasks that are completed. */
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

/** What an operator should look at. Tasks differ in size, so the time of one is compared per row. */
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
    const detail = `Nothing of it has changed for ${(silentMs / 3_600_000).toFixed(1)} hours.`;
    found.push({ kind: "not_updated", severity: "high", detail });
  }
  const times = timesMean(observed, pace, now);
  if (times > maxTimesMean) {
    const detail = `It has taken ${times.toFixed(1)} times what as many rows of completed tasks take.`;
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
