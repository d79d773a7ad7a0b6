import type { Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import { cutMessage } from "../../text/cut-message.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import { readResult } from "../chunks/chunk-result.ts";
import { keepDuplicates, withoutReplaced } from "../chunks/duplicates.ts";
import { asLines, type FailedRecord, failed, type SourceRow } from "../records/failed-record.ts";
import { keysOf } from "../sources/keys.ts";
import type { ObjectStore } from "../sources/object-store.ts";
import type { Chunk, Plan } from "../sources/plan.ts";
import { rowsOfChunk } from "../sources/read-chunk.ts";
import { RowsDisagreeError } from "../sources/read-rows.ts";
import { SourceChangedError, SourceMissingError, type SourceStore } from "../sources/source-store.ts";
import { readChunks, readPlan } from "../sources/stored-plan.ts";
import type { ChunkCounts } from "../tasks/chunk-counts.ts";
import { type Counts, nothing, rowsIn, sum } from "../tasks/counts.ts";
import { isOpen, type Task, type TaskStatus } from "../tasks/task.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import { tokensInBatches, type UnitStore } from "../tasks/unit-store.ts";
import { estimateOf, type Prices } from "./estimate.ts";

export interface SettleDeps {
  readonly tasks: TaskStore;
  readonly chunkCounts: ChunkCounts;
  readonly units: Pick<UnitStore, "all">;
  readonly source: SourceStore;
  readonly work: ObjectStore;
  readonly prices: Prices;
  readonly metrics: Metrics;
  readonly log: Log;
}

const givenUpDetail =
  "The chunk of this row failed in all of its attempts; the log of the chunk function says why.";

/** The counted rows do not add up to the planned rows. */
export class TotalsDisagreeError extends VectorkeepError {
  constructor(taskId: string, rows: number, counted: number) {
    super(
      `Task ${taskId} has ${rows} rows, but its chunks account for ${counted}.`,
      "Nothing was settled. Compare the results of the task in the work bucket with its plan.",
    );
  }
}

/**
 * Settles a task whose chunks are all processed or given up: sums up the counts and sets the status. Rows of a chunk
 * without a result fail with it, and are stored like any failed row, so that processed + failed + filtered + duplicates
 * is every row (F20). Idempotent. Throws TotalsDisagreeError.
 */
export async function settleTask(taskId: string, deps: SettleDeps): Promise<void> {
  const task = await deps.tasks.get(taskId);
  if (!task || !isOpen(task.status)) return;
  const plan = await readPlan(taskId, deps.work);
  if (!plan) return failTask(taskId, "The task could not be planned; its log says why.", deps);

  const known = await deps.chunkCounts.all(taskId);
  let chunksFailed = 0;
  for (const chunk of await readChunks(plan, deps.work)) {
    if (known.has(chunk.chunk)) continue;
    const done = await readResult(taskId, chunk.chunk, deps.work);
    if (!done) chunksFailed += 1;
    known.set(chunk.chunk, done ?? (await giveUp(task, plan, chunk, deps)));
  }
  const counts = sum(known.values());
  if (rowsIn(counts) !== plan.rows) throw new TotalsDisagreeError(taskId, plan.rows, rowsIn(counts));
  const status = judge(counts);
  const batchTokens = task.lane === "batch" ? tokensInBatches(await deps.units.all(taskId)) : undefined;
  const settled = await deps.tasks.change(taskId, {
    status,
    counts,
    rows: plan.rows,
    chunks: plan.chunks,
    chunks_completed: plan.chunks - chunksFailed,
    chunks_failed: chunksFailed,
    ...(batchTokens !== undefined && { batch_tokens: batchTokens }),
    completed_at: new Date().toISOString(),
    ...(counts.failed > 0 && { failed_records_key: keysOf(taskId).failedPrefix }),
    ...(counts.duplicates > 0 && { duplicate_records_key: keysOf(taskId).duplicatesPrefix }),
    ...(status === "FAILED" && { error: "Every record failed; the failed records say why." }),
    ...(task.request.dry_run && { estimate: estimateOf(counts, deps.prices, task.request.model) }),
  });
  if (settled) report(task, status, counts, deps);
}

/** Fails a task that cannot continue. `why` is shown to its caller. */
export async function failTask(
  taskId: string,
  why: string,
  { tasks, metrics, log, work }: Pick<SettleDeps, "tasks" | "metrics" | "log" | "work">,
  failedRecordsKey?: string,
): Promise<void> {
  const error = await keptMessage(taskId, why, work);
  const change = {
    status: "FAILED",
    error,
    completed_at: new Date().toISOString(),
    ...(failedRecordsKey !== undefined && { failed_records_key: failedRecordsKey }),
  } as const;
  if (!(await tasks.change(taskId, change))) return;
  metrics.count("CatchUpTasksFailed", 1);
  log.error("Task failed", { task_id: taskId, reason: error });
}

/**
 * DynamoDB limits items to 400 KB. A longer message, for example about a long header, is stored in S3 so that it is not
 * lost (F32).
 */
async function keptMessage(taskId: string, why: string, work: ObjectStore): Promise<string> {
  const key = keysOf(taskId).error;
  const cut = cutMessage(why, `${key} in the work bucket`);
  if (cut !== why) await work.write(key, why, "text/plain; charset=utf-8");
  return cut;
}

function judge({ processed, failed }: Counts): TaskStatus {
  if (failed === 0) return processed === 0 ? "SKIPPED" : "COMPLETED";
  return processed === 0 ? "FAILED" : "PARTIALLY_COMPLETED";
}

/** All attempts of a chunk failed, so its rows count as failed, although some of them may be in the index. */
async function giveUp(task: Task, plan: Plan, chunk: Chunk, { source, work }: SettleDeps): Promise<Counts> {
  const all = await rowsThatFailed(chunk, plan, chunk.place === "source" ? source : work);
  const planned = { taskId: task.task_id, chunk, plan };
  const { rows, duplicates } = await withoutReplaced(all, planned, work);
  await keepDuplicates(duplicates, planned, work);
  await work.write(
    keysOf(task.task_id).failed(chunk.chunk),
    asLines(rows.map(givenUp)),
    "application/x-ndjson",
  );
  return { ...nothing, failed: rows.length, duplicates: duplicates.length };
}

/** A row that does not match its columns keeps that reason, because a retry would fail too. */
function givenUp(row: SourceRow): FailedRecord {
  return row.misfit === undefined
    ? failed(row, "chunk_failed", givenUpDetail)
    : failed(row, row.misfit.reason, row.misfit.detail);
}

/** If the source has been replaced, only the row numbers are known. */
async function rowsThatFailed(chunk: Chunk, plan: Plan, store: SourceStore): Promise<SourceRow[]> {
  try {
    const bytes = await store.readRange(chunk.key, chunk.etag, chunk.first, chunk.last);
    return rowsOfChunk(bytes, chunk, plan);
  } catch (error) {
    if (
      !(
        error instanceof SourceChangedError ||
        error instanceof SourceMissingError ||
        error instanceof RowsDisagreeError
      )
    )
      throw error;
    return Array.from({ length: chunk.rows }, (_, index) => ({
      row: chunk.first_row + index,
      source: {},
      misfit: undefined,
    }));
  }
}

function report(task: Task, status: TaskStatus, counts: Counts, { metrics, log }: SettleDeps): void {
  log.info("Task ended", { task_id: task.task_id, status, ...counts });
  if (task.request.dry_run) return;
  metrics.count("CatchUpRecordsProcessed", counts.processed);
  metrics.count("CatchUpRecordsCached", counts.cached);
  metrics.count("CatchUpRecordsFailed", counts.failed);
  if (status === "FAILED") metrics.count("CatchUpTasksFailed", 1);
}
