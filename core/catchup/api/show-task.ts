import { batchPriceRatio } from "../batch/batch-limits.ts";
import { nothingUnderWay, type UnderWay } from "../tasks/chunk-counts.ts";
import { type Counts, rowsIn, sum } from "../tasks/counts.ts";
import { isOpen, type Task, type WorkedOnBy } from "../tasks/task.ts";
import { tokensInBatches, type UnitState } from "../tasks/unit-store.ts";

/** The progress of a task, as callers see it. */
export interface ShownProgress {
  /** Number of rows within the dates; null until they are counted. */
  readonly total_records: number | null;
  readonly processed_records: number;
  readonly failed_records: number;
  /** Number of rows outside the dates. Not included in the total. */
  readonly filtered_records: number;
  /** Number of rows replaced by later ones with the same id and namespace. */
  readonly duplicate_records: number;
  /** Number of processed records that were already unchanged in the index. */
  readonly unchanged_records: number;
  /** Number of processed records whose vectors the embedding cache had. */
  readonly cached_records: number;
  readonly chunks_total: number | null;
  readonly chunks_completed: number;
  readonly chunks_failed: number;
  readonly percentage: number;
  /** Embedded and written records of unfinished chunks. They are not yet in any other count. */
  readonly under_way: { readonly embedded_records: number; readonly written_records: number };
}

/** Batches that were begun, and the texts that those that have ended paid for. */
export interface ShownBatches {
  readonly running: number;
  readonly ended: number;
  readonly paid_texts: number;
}

/** What an open task has in the works. */
export interface Unfinished {
  readonly underWay?: UnderWay;
  readonly units?: readonly UnitState[];
}

export interface ShownTask {
  readonly task_id: string;
  readonly status: Task["status"];
  readonly data_source: string;
  readonly start_date: string;
  readonly end_date: string;
  readonly created_at: string;
  readonly progress: ShownProgress;
  readonly started_at: string | null;
  readonly completed_at: string | null;
  readonly estimated_completion: string | null;
  readonly error: string | null;
  readonly failed_records_key: string | null;
  readonly duplicate_records_key: string | null;
  readonly dry_run: boolean;
  readonly estimate: Task["estimate"] | null;
  /** The accepted request with all defaults applied. */
  readonly request: Omit<Task["request"], "date_column_required">;
  /** Where the task is processed; null until that is decided. */
  readonly host: "function" | WorkedOnBy["kind"] | null;
  /** How the task is paid; null until that is decided. */
  readonly lane: "sync" | "batch" | null;
  /** The batches of an open task in lane batch; null for any other. */
  readonly batches: ShownBatches | null;
  /** What embedding has cost so far. */
  readonly spent: { readonly tokens: number; readonly cost_usd: number };
  /** The reason why a task without an error had no effect. */
  readonly reason: string | null;
}

/** The task as callers see it. `chunks` are the counts of an open task so far; an ended task has its own. */
export function showTask(
  task: Task,
  chunks: ReadonlyMap<number, Counts>,
  now: number,
  usdPerMillionTokens: number,
  { underWay = nothingUnderWay, units = [] }: Unfinished = {},
): ShownTask {
  const counts = task.counts ?? sum(chunks.values());
  const { date_column_required, ...request } = task.request;
  return {
    task_id: task.task_id,
    status: task.status,
    data_source: request.data_source,
    start_date: request.start_date,
    end_date: request.end_date,
    created_at: task.created_at,
    progress: progressOf(task, counts, chunks.size, isOpen(task.status) ? underWay : nothingUnderWay),
    started_at: task.started_at ?? null,
    completed_at: task.completed_at ?? null,
    estimated_completion: estimatedCompletion(task, counts, now),
    error: task.error ?? null,
    failed_records_key: task.failed_records_key ?? null,
    duplicate_records_key: task.duplicate_records_key ?? null,
    dry_run: request.dry_run,
    estimate: task.estimate ?? null,
    request,
    host: hostOf(task),
    lane: laneOf(task),
    batches: isOpen(task.status) && task.lane === "batch" ? batchesOf(units) : null,
    spent: spentOn(task, counts, tokensInBatches(units), usdPerMillionTokens),
    reason: reasonOf(task, counts),
  };
}

function hostOf({ worked_on_by, request, chunks, status, rows }: Task): ShownTask["host"] {
  if (worked_on_by !== undefined) return worked_on_by.kind;
  if (request.host === "workers") return "workers";
  const isDecided = chunks !== undefined && rows !== 0 && status !== "PENDING";
  return isDecided ? "function" : null;
}

function laneOf({ lane, request, rows }: Task): ShownTask["lane"] {
  if (lane !== undefined || rows === undefined) return lane ?? null;
  return request.lane === undefined ? "sync" : null;
}

function batchesOf(units: readonly UnitState[]): ShownBatches {
  const ended = units.filter(({ step }) => step === "ended");
  const paid_texts = units.reduce((sum, { collected_inputs = 0 }) => sum + collected_inputs, 0);
  return { running: units.length - ended.length, ended: ended.length, paid_texts };
}

/** A dry run counts tokens but does not embed. Batches are paid before the chunks count their tokens. */
function spentOn(
  { request, batch_tokens }: Task,
  { tokens }: Counts,
  tokensSoFar: number,
  usdPerMillionTokens: number,
): ShownTask["spent"] {
  if (request.dry_run) return { tokens: 0, cost_usd: 0 };
  const inBatches = batch_tokens ?? tokensSoFar;
  const paid = Math.max(tokens, inBatches);
  const usd = (paid - inBatches * (1 - batchPriceRatio)) * usdPerMillionTokens;
  return { tokens: paid, cost_usd: Math.round(usd) / 1e6 };
}

function reasonOf({ status, rows, request }: Task, { filtered }: Counts): string | null {
  if (status === "CANCELLED") return "A caller cancelled it.";
  if (status !== "SKIPPED") return null;
  if (!rows) return "The source has no rows.";
  const dates = `${request.start_date} to ${request.end_date}`;
  return `${filtered} of ${rows} rows are outside the dates ${dates}, by the column ${request.date_column}.`;
}

function progressOf(task: Task, counts: Counts, chunksSeen: number, underWay: UnderWay): ShownProgress {
  // An embedded record that is not written yet counts as half done.
  const done = rowsIn(counts) + (underWay.embedded + underWay.written) / 2;
  const total = task.rows;
  return {
    total_records: total === undefined ? null : total - counts.filtered,
    processed_records: counts.processed,
    failed_records: counts.failed,
    filtered_records: counts.filtered,
    duplicate_records: counts.duplicates,
    unchanged_records: counts.unchanged,
    cached_records: counts.cached,
    chunks_total: task.chunks ?? null,
    chunks_completed: task.chunks_completed ?? chunksSeen,
    chunks_failed: task.chunks_failed ?? 0,
    percentage: percentageOf(task, done, rowsIn(counts)),
    under_way: { embedded_records: underWay.embedded, written_records: underWay.written },
  };
}

/** With one decimal; 100 only if no row is left. */
function percentageOf({ rows, status }: Task, done: number, counted: number): number {
  if (rows === undefined) return 0;
  if (rows === 0) return isOpen(status) ? 0 : 100;
  const percentage = Math.floor((done / rows) * 1_000) / 10;
  return counted < rows ? Math.min(percentage, 99.9) : percentage;
}

/** Extrapolated from the progress so far; null without progress. */
function estimatedCompletion({ status, rows, started_at }: Task, counts: Counts, now: number): string | null {
  const done = rowsIn(counts);
  if (!isOpen(status) || rows === undefined || started_at === undefined || done === 0) return null;
  const elapsed = now - Date.parse(started_at);
  return new Date(now + (elapsed * (rows - done)) / done).toISOString();
}

export const noCounts: ReadonlyMap<number, Counts> = new Map();
