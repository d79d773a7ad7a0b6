import { randomUUID } from "node:crypto";
import { InputFailure } from "../../failure.ts";
import { type DateRange, halves } from "../requests/date-range.ts";
import type { ProcessRequest } from "../requests/process-request.ts";
import { keysOf } from "./keys.ts";
import { exportQuestion, type MetabaseOptions, QuestionFailed } from "./metabase.ts";
import type { ObjectStore } from "./object-store.ts";
import { type Chunk, type Plan, plan } from "./plan.ts";
import { type PlannedCsv, planCsv } from "./plan-csv.ts";
import { readHeader } from "./read-rows.ts";
import type { RangeLimits } from "./row-ranges.ts";

export interface PlanServices {
  readonly source: ObjectStore;
  readonly work: ObjectStore;
  readonly limits: RangeLimits;
  /** Undefined where the stack has none. */
  readonly metabase: (MetabaseOptions & { readonly rowCap: number }) | undefined;
}

/** The stack is not told where Metabase is. */
export class MetabaseMissing extends InputFailure {
  constructor() {
    super(
      "This stack has no Metabase.",
      "Set catchup:metabaseUrl and catchup:metabaseApiKey, or use data_source s3_csv.",
    );
  }
}

interface Found {
  readonly columns: readonly string[];
  readonly chunks: readonly Chunk[];
  readonly rows: number;
  readonly dateColumn: string | undefined;
}

/**
 * The plan of a task: made once, then always the same. Of several processes that plan at once, the plan that is written
 * first counts for all. Throws what the sources throw, CsvHeaderInvalid and MetabaseMissing.
 */
export async function planOf(taskId: string, request: ProcessRequest, services: PlanServices): Promise<Plan> {
  const keys = keysOf(taskId);
  const known = await readPlan(taskId, services.work);
  if (known) return known;
  const attempt = randomUUID();
  const found = await planSource(taskId, attempt, request, services);
  const made: Plan = {
    chunks_key: keys.chunks(attempt),
    columns: [...found.columns],
    rows: found.rows,
    chunks: found.chunks.length,
    ...(found.dateColumn !== undefined && { date_column: found.dateColumn }),
  };
  await services.work.write(made.chunks_key, JSON.stringify(found.chunks), "application/json");
  if (await services.work.writeFirst(keys.plan, JSON.stringify(made), "application/json")) return made;
  return (await readPlan(taskId, services.work)) ?? made;
}

export async function readPlan(taskId: string, work: ObjectStore): Promise<Plan | undefined> {
  const stored = await work.read(keysOf(taskId).plan);
  return stored && plan.parse(JSON.parse(Buffer.from(stored).toString()));
}

export async function readChunks({ chunks_key }: Plan, work: ObjectStore): Promise<Chunk[]> {
  const stored = (await work.read(chunks_key)) ?? Buffer.from("[]");
  // Written by planSource; a schema for each of 10,000 chunks would cost more than it tells.
  return JSON.parse(Buffer.from(stored).toString()) as Chunk[];
}

function planSource(
  taskId: string,
  attempt: string,
  request: ProcessRequest,
  services: PlanServices,
): Promise<Found> {
  if (request.data_source === "failed_records") return planFailedRecords(request, services);
  return request.data_source === "s3_csv"
    ? planObject(taskId, attempt, request, services)
    : planQuestion(taskId, attempt, request, services);
}

async function planObject(
  taskId: string,
  attempt: string,
  request: ProcessRequest,
  { source, work, limits }: PlanServices,
): Promise<Found> {
  const object = {
    place: "source",
    store: source,
    key: request.s3_key ?? "",
    chunksBefore: 0,
    rowsBefore: 0,
  } as const;
  const planned = await planCsv(object, limits, {
    store: work,
    key: (chunk) => keysOf(taskId).source(attempt, chunk),
  });
  const columns = readHeader(planned.header, request.date_column_required ? [request.date_column] : []);
  const filtered = !request.all_dates && columns.includes(request.date_column);
  const dateColumn = filtered ? request.date_column : undefined;
  return { columns, chunks: planned.chunks, rows: planned.rows, dateColumn };
}

/** The question itself is asked for the dates, so no row is filtered after it. */
async function planQuestion(
  taskId: string,
  attempt: string,
  request: ProcessRequest,
  services: PlanServices,
): Promise<Found> {
  const parts: PlannedCsv[] = [];
  await exportRange({ start: request.start_date, end: request.end_date }, parts, async (range) => {
    if (!services.metabase) throw new MetabaseMissing();
    const key = keysOf(taskId).source(attempt, parts.length);
    await services.work.writeStream(
      key,
      await exportQuestion(services.metabase, request.question_id, range),
      "text/csv",
    );
    const before = {
      chunksBefore: sumOf(parts, ({ chunks }) => chunks.length),
      rowsBefore: sumOf(parts, ({ rows }) => rows),
    };
    const planned = await planCsv({ place: "work", store: services.work, key, ...before }, services.limits, {
      store: services.work,
      key: () => key,
    });
    if (planned.rows < services.metabase.rowCap) return planned;
    if (halves(range)) return undefined;
    throw new QuestionFailed(
      request.question_id,
      `it has ${planned.rows} rows for ${range.start} alone, which is where Metabase cuts an export`,
    );
  });
  const headers = parts.map(({ header }) => readHeader(header, []));
  const columns = headers[0] ?? [];
  if (headers.some((other) => other.join("\n") !== columns.join("\n"))) {
    throw new QuestionFailed(request.question_id, "its columns are not the same for all dates");
  }
  return {
    columns,
    chunks: parts.flatMap(({ chunks }) => chunks),
    rows: sumOf(parts, ({ rows }) => rows),
    dateColumn: undefined,
  };
}

/** An export that reaches the cap may have been cut: its range is halved until none does. */
async function exportRange(
  range: DateRange,
  parts: PlannedCsv[],
  exported: (range: DateRange) => Promise<PlannedCsv | undefined>,
): Promise<void> {
  const planned = await exported(range);
  if (planned) parts.push(planned);
  else for (const half of halves(range) ?? []) await exportRange(half, parts, exported);
}

/** Each file of failed records is a chunk. Their dates are judged as before: not every one of them was. */
async function planFailedRecords(request: ProcessRequest, { work }: PlanServices): Promise<Found> {
  const retried = request.retry_of ?? "";
  const chunks: Chunk[] = [];
  let rows = 0;
  for await (const { key, etag, bytes } of work.list(keysOf(retried).failedPrefix)) {
    const stored = (await work.read(key)) ?? Buffer.alloc(0);
    const lines = Buffer.from(stored).toString().split("\n").filter(Boolean).length;
    chunks.push({
      chunk: chunks.length,
      place: "work",
      key,
      etag,
      first: 0,
      last: bytes - 1,
      rows: lines,
      first_row: rows + 1,
      format: "failed-records",
    });
    rows += lines;
  }
  return { columns: [], chunks, rows, dateColumn: (await readPlan(retried, work))?.date_column };
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}
