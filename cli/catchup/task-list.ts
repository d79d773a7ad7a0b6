import { type Column, table } from "../table.ts";
import type { ShownTask } from "./client.ts";
import { whole } from "./progress.ts";

const columns: readonly Column[] = [
  { title: "task", align: "left" },
  { title: "status", align: "left" },
  { title: "source", align: "left" },
  { title: "records", align: "right" },
  { title: "failed", align: "right" },
  { title: "created", align: "left" },
];

/** Formats tasks as lines of a table, in the given order. */
export function taskLines(tasks: readonly ShownTask[]): string[] {
  if (tasks.length === 0) return ["There is no such task."];
  return table(
    columns,
    tasks.map(({ task_id, status, request, dry_run, progress, created_at }) => [
      task_id,
      dry_run ? `${status} (dry run)` : status,
      sourceOf(request),
      progress.total_records === null ? "" : whole(progress.total_records),
      whole(progress.failed_records),
      created_at,
    ]),
  );
}

function sourceOf({ data_source, question_id, s3_key, retry_of }: ShownTask["request"]): string {
  if (data_source === "metabase") return `question ${question_id}`;
  return s3_key ?? (retry_of === undefined ? data_source : `failed records of ${retry_of}`);
}
