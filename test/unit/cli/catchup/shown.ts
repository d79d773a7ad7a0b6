import type { ShownTask } from "../../../../cli/catchup/client.ts";

/** A task as the API shows it, with progress over 40 rows. */
export function shown(
  progress: Partial<ShownTask["progress"]>,
  rest: Partial<Omit<ShownTask, "progress">> = {},
): ShownTask {
  return {
    task_id: "task-20261101120000-0123456789abcdef",
    status: "IN_PROGRESS",
    created_at: "2026-11-01T12:00:00.000Z",
    completed_at: null,
    error: null,
    failed_records_key: null,
    duplicate_records_key: null,
    dry_run: false,
    request: { data_source: "s3_csv", question_id: "12", s3_key: "uploads/rows.csv" },
    estimate: null,
    ...rest,
    progress: {
      total_records: 40,
      processed_records: 0,
      failed_records: 0,
      filtered_records: 0,
      duplicate_records: 0,
      unchanged_records: 0,
      cached_records: 0,
      chunks_total: 4,
      chunks_completed: 0,
      chunks_failed: 0,
      under_way: { embedded_records: 0, written_records: 0 },
      ...progress,
    },
  };
}
