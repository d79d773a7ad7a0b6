import { progressBar } from "../progress-bar.ts";
import { isOver, type ShownTask } from "./client.ts";

export interface Progress {
  /** For a terminal whose lines can be overwritten. */
  readonly block: readonly string[];
  /** For a file or a pipe. */
  readonly line: string;
}

export function recordsDone({ progress }: ShownTask): number {
  return progress.processed_records + progress.failed_records + progress.duplicate_records;
}

/**
 * Formats the progress of a task. `seconds` is the time since it was first polled, `before` the number of records that
 * were done then.
 */
export function progressOf(task: ShownTask, seconds: number, before: number): Progress {
  const { progress } = task;
  const { total_records: total, failed_records } = progress;
  const done = recordsDone(task);
  if (total === null) {
    const line = `${seconds.toFixed(0)} s: ${isOver(task) ? "no row was counted" : "counting the rows"}`;
    return { block: [`  ${line}`], line };
  }
  const records = `${whole(done)}/${whole(total)} records`;
  const { embedded_records: embedded, written_records: written } = progress.under_way;
  // A record counts half when it is embedded.
  const shown = Math.min(total, done + Math.floor((embedded + written) / 2));
  const rest = [
    ...(embedded === 0
      ? []
      : [`${whole(embedded)} embedded and ${whole(written)} written of chunks under way`]),
    `${whole(progress.chunks_completed)} of ${whole(progress.chunks_total ?? 0)} chunks`,
    ...(failed_records === 0 ? [] : [`${whole(failed_records)} failed`]),
    ...(progress.filtered_records === 0 ? [] : [`${whole(progress.filtered_records)} outside the dates`]),
    ...(progress.duplicate_records === 0 ? [] : [`${whole(progress.duplicate_records)} replaced`]),
    ...(progress.unchanged_records === 0 ? [] : [`${whole(progress.unchanged_records)} unchanged`]),
    ...paceOf(done - before, total - done, seconds),
  ].join(", ");
  return {
    block: [`  ${progressBar(shown, total)} ${records}`, `  ${rest}, ${seconds.toFixed(0)} s`],
    line: `${seconds.toFixed(0)} s: ${records}; ${rest}`,
  };
}

function paceOf(done: number, left: number, seconds: number): string[] {
  if (done <= 0 || seconds <= 0) return [];
  const pace = done / seconds;
  return [`${whole(pace)} records/s`, ...(left > 0 ? [`about ${whole(Math.ceil(left / pace))} s left`] : [])];
}

/** Formats an integer with thousands separators. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
