import { noCounts, showTask } from "../../catchup/api/show-task.ts";
import { type InFlight, nothingUnderWay } from "../../catchup/tasks/chunk-counts.ts";
import { type Counts, failedChunks } from "../../catchup/tasks/counts.ts";
import { isOpen, type Task } from "../../catchup/tasks/task.ts";
import { type BulkTask, bulkStatusOf } from "./schemas.ts";

const maxChunks = 100;

/** Returns a task in the format of the bulk API. `chunks` has the counts of its chunks so far. */
export function showBulkTask(
  task: Task,
  { now, usdPerMillionTokens }: { readonly now: number; readonly usdPerMillionTokens: number },
  chunks: ReadonlyMap<number, Counts> = noCounts,
  inFlight: InFlight = nothingUnderWay,
): BulkTask {
  const shown = showTask(task, chunks, now, usdPerMillionTokens, { underWay: inFlight });
  const { under_way, ...progress } = shown.progress;
  const { host, ...parameters } = shown.request;
  return {
    task_id: shown.task_id,
    status: bulkStatusOf[shown.status],
    progress: { ...progress, chunks_processing: isOpen(task.status) ? inFlight.chunks : 0 },
    created_at: shown.created_at,
    started_at: shown.started_at,
    completed_at: shown.completed_at,
    estimated_completion: shown.estimated_completion,
    error: shown.error,
    reason: shown.reason,
    failed_records_key: shown.failed_records_key,
    duplicate_records_key: shown.duplicate_records_key,
    failed_chunks:
      isOpen(task.status) || chunks === noCounts ? null : failedChunks(task, chunks).slice(0, maxChunks),
    parameters,
    spent: shown.spent,
    estimate: shown.estimate ?? null,
  };
}
