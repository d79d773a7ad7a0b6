import { randomUUID } from "node:crypto";
import { InputError } from "../../vectorkeep-error.ts";
import { type DateRange, halves } from "../requests/date-range.ts";
import type { ProcessRequest } from "../requests/process-request.ts";
import { keysOf } from "./keys.ts";
import type { ReplacedRow } from "./last-rows.ts";
import {
  cardOf,
  exportQuestion,
  type MetabaseOptions,
  namesOf,
  QuestionFailedError,
  takesDates,
} from "./metabase.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Chunk, Plan } from "./plan.ts";
import { type CsvReading, type PlannedCsv, planCsv } from "./plan-csv.ts";
import { planFailedRecords } from "./plan-failed-records.ts";
import { encodeReplaced } from "./replaced-rows.ts";
import type { RangeLimits } from "./row-ranges.ts";
import type { SurveyRules } from "./row-survey.ts";
import type { SourceStore } from "./source-store.ts";
import { readPlan } from "./stored-plan.ts";

export interface PlanDeps {
  readonly source: SourceStore;
  readonly work: ObjectStore;
  readonly limits: RangeLimits;
  /**
   * Upper bound for the chunk size that a request asks for, because the vectors of a chunk are held in memory.
   * @default unbounded
   */
  readonly maxRowsPerChunk?: number;
  /** Undefined if the stack has no Metabase. */
  readonly metabase: (MetabaseOptions & { readonly rowCap: number }) | undefined;
}

/** The request needs Metabase, which this stack does not have. */
export class MetabaseMissingError extends InputError {
  constructor() {
    super(
      "This stack has no Metabase.",
      "Set catchup:metabaseUrl and catchup:metabaseApiKey, or use data_source s3_csv.",
    );
  }
}

interface Found extends Omit<Plan, "chunks_key" | "chunks" | "replaced"> {
  readonly chunks: readonly Chunk[];
  /** Sorted by row. */
  readonly replaced: readonly ReplacedRow[];
}

/**
 * The plan of a task, which never changes once it is written. Of concurrent planners, the first to write determines the
 * plan. Throws the errors of the sources, CsvHeaderInvalidError and MetabaseMissingError.
 */
export async function planOf(taskId: string, request: ProcessRequest, deps: PlanDeps): Promise<Plan> {
  const keys = keysOf(taskId);
  const known = await readPlan(taskId, deps.work);
  if (known) return known;
  const attempt = randomUUID();
  const { chunks, replaced, ...found } = await planSource(taskId, attempt, request, deps);
  const { bytes, chunks: withReplaced } = encodeReplaced(replaced, chunks);
  const made: Plan = {
    ...found,
    chunks_key: keys.chunks(attempt),
    chunks: chunks.length,
    ...(bytes.length > 0 && { replaced: await written(keys.replaced(attempt), bytes, deps.work) }),
  };
  await deps.work.write(made.chunks_key, JSON.stringify(withReplaced), "application/json");
  if (await deps.work.writeFirst(keys.plan, JSON.stringify(made), "application/json")) return made;
  return (await readPlan(taskId, deps.work)) ?? made;
}

async function written(key: string, bytes: Buffer, work: ObjectStore): Promise<Plan["replaced"]> {
  return { key, etag: await work.write(key, bytes, "application/octet-stream") };
}

function planSource(
  taskId: string,
  attempt: string,
  request: ProcessRequest,
  deps: PlanDeps,
): Promise<Found> {
  if (request.data_source === "failed_records") return planRetried(request, deps);
  return request.data_source === "s3_csv"
    ? planObject(taskId, attempt, request, deps)
    : planQuestion(taskId, attempt, request, deps);
}

async function planRetried(request: ProcessRequest, { work }: PlanDeps): Promise<Found> {
  const retried = request.retry_of ?? "";
  const earlier = await readPlan(retried, work);
  const rules = surveyRules(request, earlier?.date_column);
  const keys = keysOf(retried);
  const of = {
    prefix: keys.failedPrefix,
    only: request.retry_chunks && new Set(request.retry_chunks.map(keys.failed)),
  };
  return planFailedRecords(of, earlier, rules, work);
}

async function planObject(
  taskId: string,
  attempt: string,
  request: ProcessRequest,
  deps: PlanDeps,
): Promise<Found> {
  const { source, work } = deps;
  const object = {
    place: "source",
    store: source,
    key: request.s3_key ?? "",
    chunksBefore: 0,
    rowsBefore: 0,
  } as const;
  const planned = await planCsv(object, limitsOf(request, deps), readingOf(request, !request.all_dates), {
    store: work,
    key: (chunk) => keysOf(taskId).source(attempt, chunk),
  });
  return foundIn([planned], request, !request.all_dates);
}

function limitsOf({ chunk_size }: ProcessRequest, { limits, maxRowsPerChunk }: PlanDeps): RangeLimits {
  if (chunk_size === undefined) return limits;
  return { ...limits, rows: Math.min(chunk_size, maxRowsPerChunk ?? chunk_size) };
}

/** `isFiltered`: whether rows may be outside the requested dates. */
function readingOf(request: ProcessRequest, isFiltered: boolean): CsvReading {
  const { id_column: id, text_column: text } = request;
  return {
    encoding: request.encoding,
    delimiter: request.delimiter,
    neededColumn: isFiltered && request.date_column_required ? request.date_column : undefined,
    called: new Map([
      ...(id === undefined ? [] : [["id", id] as const]),
      ...(text === undefined ? [] : [["formatted_text", text] as const]),
    ]),
    dateColumn: request.date_column,
    rulesFor: (columns) => surveyRules(request, dateColumnOf(columns, request, isFiltered)),
  };
}

function dateColumnOf(
  columns: readonly string[],
  request: ProcessRequest,
  isFiltered: boolean,
): string | undefined {
  return isFiltered && columns.includes(request.date_column) ? request.date_column : undefined;
}

function surveyRules(request: ProcessRequest, dateColumn: string | undefined): SurveyRules {
  const { question_id: questionId, namespace, start_date: start, end_date: end } = request;
  return {
    questionId,
    namespace,
    dates: dateColumn === undefined ? undefined : { column: dateColumn, start, end },
  };
}

/** Combines the parts of a source, in order. All parts must have the same columns. */
function foundIn(parts: readonly PlannedCsv[], request: ProcessRequest, isFiltered: boolean): Found {
  const [first, ...others] = parts;
  if (first === undefined) throw new Error("A source has at least one part.");
  const { columns, kinds, last, namespaces } = first.survey;
  for (const { survey } of others) {
    kinds.join(survey.kinds);
    last.join(survey.last);
    namespaces.join(survey.namespaces);
  }
  const dateColumn = dateColumnOf(columns, request, isFiltered);
  return {
    columns: [...columns],
    chunks: parts.flatMap(({ chunks }) => chunks),
    rows: sumOf(parts, ({ rows }) => rows),
    replaced: last.replaced(),
    namespaces: namespaces.names,
    number_columns: kinds.numbers,
    boolean_columns: kinds.booleans,
    ...(dateColumn !== undefined && { date_column: dateColumn }),
    ...(first.delimiter !== "," && { delimiter: first.delimiter }),
  };
}

/**
 * Exports a question for the requested dates if it has variables for them; its rows are then not filtered. Otherwise
 * exports it once as a whole, and filters the rows as those of a file.
 */
async function planQuestion(
  taskId: string,
  attempt: string,
  request: ProcessRequest,
  deps: PlanDeps,
): Promise<Found> {
  if (!deps.metabase) throw new MetabaseMissingError();
  const metabase = { ...deps.metabase, names: namesOf(request) };
  const card = await cardOf(metabase, request.question_id);
  const isAsked = !request.all_dates && takesDates(card, metabase.names);
  const isFiltered = !request.all_dates && !isAsked;
  const parts: PlannedCsv[] = [];
  await exportRange({ start: request.start_date, end: request.end_date }, parts, async (range) => {
    const key = keysOf(taskId).source(attempt, parts.length);
    const csv = await exportQuestion(metabase, request.question_id, isAsked ? range : undefined, card);
    await deps.work.writeStream(key, csv, "text/csv");
    const before = {
      chunksBefore: sumOf(parts, ({ chunks }) => chunks.length),
      rowsBefore: sumOf(parts, ({ rows }) => rows),
    };
    const object = { place: "work", store: deps.work, key, ...before } as const;
    const unpacked = { store: deps.work, key: () => key };
    const planned = await planCsv(object, limitsOf(request, deps), readingOf(request, isFiltered), unpacked);
    if (planned.rows < metabase.rowCap) return planned;
    if (isAsked && halves(range)) return undefined;
    const what = isAsked
      ? `for ${range.start} alone`
      : "and no variables for dates by which it could be split";
    throw new QuestionFailedError(
      request.question_id,
      `it has ${planned.rows} rows ${what}, which is where Metabase cuts an export`,
    );
  });
  const columns = parts[0]?.survey.columns ?? [];
  if (parts.some(({ survey }) => survey.columns.join("\n") !== columns.join("\n"))) {
    throw new QuestionFailedError(request.question_id, "its columns are not the same for all dates");
  }
  return foundIn(parts, request, isFiltered);
}

/** An export that reaches the row cap may be truncated, so its range is halved until none does. */
async function exportRange(
  range: DateRange,
  parts: PlannedCsv[],
  exported: (range: DateRange) => Promise<PlannedCsv | undefined>,
): Promise<void> {
  const planned = await exported(range);
  if (planned) parts.push(planned);
  else for (const half of halves(range) ?? []) await exportRange(half, parts, exported);
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
