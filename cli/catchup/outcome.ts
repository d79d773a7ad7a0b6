import type { FailedRecord } from "../../core/catchup/records/failed-record.ts";
import { type Column, table } from "../table.ts";
import { terminalLines, terminalText } from "../terminal-text.ts";
import type { ShownTask } from "./client.ts";
import type { FailedRecords } from "./failed-records.ts";
import { recordsDone, whole } from "./progress.ts";

/** Whether a task ended without failed records. */
export function isGood({ status }: ShownTask): boolean {
  return status === "COMPLETED" || status === "SKIPPED";
}

/** Formats the outcome of a task. */
export function outcomeLines(task: ShownTask): string[] {
  const { progress, estimate } = task;
  const records = recordsDone(task);
  const done = task.dry_run ? "could be indexed" : "are in the index";
  return [
    ...(progress.total_records === 0 && progress.filtered_records === 0
      ? ["The source has a header and no rows."]
      : []),
    `${whole(records)} records: ${whole(progress.processed_records)} ${done}, ${whole(progress.failed_records)} failed`,
    ...(progress.unchanged_records > 0
      ? [
          `${whole(progress.unchanged_records)} of them are unchanged in the index and were not embedded again`,
        ]
      : []),
    ...(progress.cached_records > 0
      ? [
          `${whole(progress.cached_records)} of their vectors came from the embedding cache and were not paid for`,
        ]
      : []),
    ...(progress.duplicate_records > 0
      ? [
          `${whole(progress.duplicate_records)} were replaced by later rows of the same id: ${task.duplicate_records_key ?? ""}`,
        ]
      : []),
    ...(progress.filtered_records > 0
      ? [`${whole(progress.filtered_records)} rows are outside the dates`]
      : []),
    ...(progress.chunks_failed > 0
      ? [
          `${whole(progress.chunks_failed)} of ${whole(progress.chunks_total ?? 0)} chunks failed in all attempts`,
        ]
      : []),
    ...(estimate
      ? [
          `${whole(estimate.tokens)} tokens, ${estimate.cost_usd} USD, ${whole(estimate.seconds)} s at the provider's limits`,
        ]
      : []),
    ...(estimate?.batch
      ? [
          `in lane batch ${estimate.batch.cost_usd} USD, at most ${whole(estimate.batch.seconds / 3_600)} hours`,
        ]
      : []),
    ...(task.error === null ? [] : [terminalLines(task.error)]),
    `${secondsOf(task)} s from the request to the end`,
  ];
}

const reasonColumns: readonly Column[] = [
  { title: "failed", align: "right" },
  { title: "reason", align: "left" },
];
const recordColumns: readonly Column[] = [
  { title: "row", align: "right" },
  { title: "id", align: "left" },
  { title: "reason", align: "left" },
  { title: "detail", align: "left" },
];
const maxDetailLength = 100;

/** Formats the reasons, most frequent first. */
export function reasonLines(counts: FailedRecords["counts"]): string[] {
  const reasons = [...counts].sort(([, one], [, other]) => other - one);
  return table(
    reasonColumns,
    reasons.map(([reason, count]) => [whole(count), reason]),
  );
}

/** Formats a record on one line, even if its cells contain line breaks. */
export function failedLine({ row, source, reason, detail }: FailedRecord): string {
  return `row ${row}  id ${terminalText(source.id ?? "")}  ${reason}  ${terminalText(detail)}`;
}

/** Formats the reasons and the first records. */
export function failedLines({ counts, first }: FailedRecords): string[] {
  return [
    ...reasonLines(counts),
    "",
    ...table(
      recordColumns,
      first.map(({ row, source, reason, detail }) => [
        String(row),
        source.id ?? "",
        reason,
        detail.slice(0, maxDetailLength),
      ]),
    ),
  ];
}

function secondsOf({ created_at, completed_at }: ShownTask): string {
  const end = completed_at === null ? Number.NaN : Date.parse(completed_at);
  return ((end - Date.parse(created_at)) / 1_000).toFixed(1);
}
