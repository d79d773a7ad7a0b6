import type { CacheSpace } from "../../embedding/cache/cache-space.ts";
import type { EmbeddingCache } from "../../embedding/cache/embedding-cache.ts";
import type { RequestSize } from "../../embedding/embed-each.ts";
import type { Embedder, VectorBytes } from "../../embedding/embedder.ts";
import type { Log } from "../../log.ts";
import { countTokensUpTo } from "../../text/tokens.ts";
import { nameOf } from "../index/index-errors.ts";
import { upsertRecords } from "../index/upsert-records.ts";
import type { VectorSink } from "../index/vector-sink.ts";
import { type NamespaceDeps, requireModel } from "../namespaces/require-model.ts";
import { asLines, type FailedRecord, type SourceRow } from "../records/failed-record.ts";
import { type IndexRecord, type RecordRules, readRecord } from "../records/record.ts";
import { textFormat } from "../records/text-format.ts";
import type { ProcessRequest } from "../requests/process-request.ts";
import { keysOf } from "../sources/keys.ts";
import type { ObjectStore } from "../sources/object-store.ts";
import type { Chunk, Plan } from "../sources/plan.ts";
import { rowsOfChunk } from "../sources/read-chunk.ts";
import type { SourceStore } from "../sources/source-store.ts";
import type { UnderWay } from "../tasks/chunk-counts.ts";
import type { Counts } from "../tasks/counts.ts";
import { changedOf, hashesOf } from "./changed-records.ts";
import { readResult, writeResult } from "./chunk-result.ts";
import { keepDuplicates, withoutReplaced } from "./duplicates.ts";
import { embedRecords, requestsFor, type Text } from "./embed-records.ts";
import { decodeVectors, encodeVectors, type VectorSpace } from "./stored-vectors.ts";

export interface ChunkDeps extends NamespaceDeps {
  /** The store of callers' files. */
  readonly source: SourceStore;
  /** The work bucket of catch-up. */
  readonly work: ObjectStore;
  readonly embedder: Embedder;
  /** Undefined if the stack keeps none. */
  readonly cache: Pick<EmbeddingCache, "find" | "keep"> | undefined;
  /** Host of the embedding provider. */
  readonly provider: string;
  readonly index: VectorSink;
  readonly tokensPerRequest: number;
  readonly requestSize: RequestSize;
  readonly rules: Pick<RecordRules, "columnTypes" | "tokensPerText">;
  readonly log: Log;
}

/** What it takes to know what a chunk would pay. */
export interface UnpaidDeps extends Omit<ChunkDeps, "log" | "embedder" | "cache"> {
  readonly embedder: VectorSpace;
  readonly cache: Pick<EmbeddingCache, "find"> | undefined;
}

export interface ChunkWork {
  readonly taskId: string;
  readonly chunk: Chunk;
  readonly plan: Plan;
  readonly request: ProcessRequest;
}

/** Receives progress as records are embedded and written. */
export type Report = (done: Partial<UnderWay>) => Promise<void>;

/**
 * Loads the rows of one chunk into the index and counts the outcomes. Idempotent without embedding again: the result or
 * the vectors are already stored, and an upsert replaces a vector with the same id. Throws RowsDisagreeError,
 * SourceChangedError and the errors of embedder and index; then nothing is counted.
 */
export async function processChunk(
  work: ChunkWork,
  deps: ChunkDeps,
  report: Report = async () => {},
): Promise<Counts> {
  const keys = keysOf(work.taskId);
  const earlier = await readResult(work.taskId, work.chunk.chunk, deps.work);
  if (earlier) return earlier;

  const all = await readSource(work, deps);
  const { rows, duplicates } = await withoutReplaced(all, work, deps.work);
  const { records, failures, filtered } = readRecords(rows, work, deps);
  const written = await writeRecords(records, work, deps, report);

  const failed = [...failures, ...written.failures];
  const total: Counts = {
    processed: rows.length - failed.length - filtered,
    failed: failed.length,
    filtered,
    duplicates: duplicates.length,
    unchanged: written.unchanged,
    cached: written.cached,
    tokens: written.tokens,
  };
  await keepDuplicates(duplicates, work, deps.work);
  await keepFailed(failed, keys.failed(work.chunk.chunk), deps.work);
  await writeResult(work.taskId, work.chunk.chunk, total, deps.work);
  return total;
}

/** The requests to the embedding provider that processing this chunk now would pay for. */
export async function unpaidRequests(work: ChunkWork, deps: UnpaidDeps): Promise<Text[][]> {
  if (await readResult(work.taskId, work.chunk.chunk, deps.work)) return [];
  const { rows } = await withoutReplaced(await readSource(work, deps), work, deps.work);
  const { records } = readRecords(rows, work, deps);
  await requireModel(namespacesOf(records), deps.embedder, deps);
  const stored = await storedVectors(records, work, deps);
  const changed = work.request.incremental
    ? await changedOf(records, hashesOf(records, deps.embedder), stored, deps.index)
    : records;
  const missing = changed.filter(({ text }) => !stored.has(text));
  const cached = await cachedVectors(missing, deps);
  return requestsFor(
    missing.filter(({ text }) => !cached.has(text)),
    deps,
  );
}

async function readSource(
  { chunk, plan }: ChunkWork,
  { source, work }: Pick<ChunkDeps, "source" | "work">,
): Promise<SourceRow[]> {
  const store = chunk.place === "source" ? source : work;
  const bytes = await store.readRange(chunk.key, chunk.etag, chunk.first, chunk.last);
  return rowsOfChunk(bytes, chunk, plan);
}

interface Read {
  readonly records: IndexRecord[];
  readonly failures: FailedRecord[];
  readonly filtered: number;
}

function readRecords(
  rows: readonly SourceRow[],
  { plan, request }: ChunkWork,
  { rules, index }: Pick<ChunkDeps, "rules" | "index">,
): Read {
  const full: RecordRules = {
    ...rules,
    sink: nameOf(index.sink),
    limits: index.limits,
    questionId: request.question_id,
    namespace: request.namespace,
    dates:
      plan.date_column === undefined
        ? undefined
        : { column: plan.date_column, start: request.start_date, end: request.end_date },
    columnKinds: plan.number_columns && {
      numbers: new Set(plan.number_columns),
      booleans: new Set(plan.boolean_columns),
    },
  };
  const records: IndexRecord[] = [];
  const failures: FailedRecord[] = [];
  for (const row of rows) {
    const reading = readRecord(row, full);
    if (reading.kind === "record") records.push(reading.record);
    else if (reading.kind === "failed") failures.push(reading.failure);
  }
  return { records, failures, filtered: rows.length - records.length - failures.length };
}

function namespacesOf(records: readonly IndexRecord[]): Set<string> {
  return new Set(records.map(({ namespace }) => namespace));
}

interface Written {
  readonly failures: readonly FailedRecord[];
  readonly unchanged: number;
  readonly cached: number;
  readonly tokens: number;
}

async function writeRecords(
  records: readonly IndexRecord[],
  work: ChunkWork,
  deps: ChunkDeps,
  report: Report,
): Promise<Written> {
  const { request } = work;
  if (request.dry_run) return { failures: [], unchanged: 0, cached: 0, tokens: tokensIn(records) };
  await requireModel(namespacesOf(records), deps.embedder, deps);
  const stored = await storedVectors(records, work, deps);
  const hashes = request.incremental ? hashesOf(records, deps.embedder) : new Map<IndexRecord, string>();
  const changed = request.incremental ? await changedOf(records, hashes, stored, deps.index) : records;
  const { vectors, refused, cached } = await vectorsOf(changed, stored, work, deps, report);
  const embedded = changed.flatMap((record) => {
    const vector = vectors.get(record.text);
    return vector === undefined ? [] : [{ record, vector, contentHash: hashes.get(record) }];
  });
  const failures = await upsertRecords(embedded, deps.index, request.batch_size, (written) =>
    report({ written }),
  );
  const paid = changed.filter(({ text }) => !cached.has(text));
  return {
    failures: [...refused, ...failures],
    unchanged: records.length - changed.length,
    cached: changed.length - paid.length,
    tokens: paid.reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

/** Vectors that an earlier attempt has embedded (F12). */
async function storedVectors(
  records: readonly IndexRecord[],
  { taskId, chunk }: ChunkWork,
  { work, embedder }: Pick<ChunkDeps, "work"> & { readonly embedder: VectorSpace },
): Promise<Map<string, VectorBytes>> {
  const stored = await work.read(keysOf(taskId).vectors(chunk.chunk));
  return decodeVectors(
    stored,
    records.map(({ text }) => text),
    embedder,
  );
}

interface Vectors {
  /** By text. */
  readonly vectors: ReadonlyMap<string, VectorBytes>;
  readonly refused: readonly FailedRecord[];
  /** The texts whose vectors the cache had. */
  readonly cached: ReadonlySet<string>;
}

/**
 * The vectors of the records: those of an earlier attempt, then those of the cache, then those of the provider. What was
 * paid for is stored before it is used, so that a retry after a crash finds it, and then kept in the cache.
 */
async function vectorsOf(
  records: readonly IndexRecord[],
  stored: ReadonlyMap<string, VectorBytes>,
  work: ChunkWork,
  deps: ChunkDeps,
  report: Report,
): Promise<Vectors> {
  const missing = records.filter(({ text }) => !stored.has(text));
  const cached = await cachedVectors(missing, deps);
  const unpaid = missing.filter(({ text }) => !cached.has(text));
  if (unpaid.length < missing.length) await report({ embedded: missing.length - unpaid.length });
  const { paid, refused } = await paidVectors(unpaid, stored, work, deps, report);
  await deps.cache?.keep(paid, cacheSpace(deps));
  return { vectors: new Map([...paid, ...cached]), refused, cached: new Set(cached.keys()) };
}

const none: ReadonlyMap<string, VectorBytes> = new Map();

type CacheDeps = Pick<UnpaidDeps, "cache" | "provider" | "embedder">;

async function cachedVectors(
  records: readonly IndexRecord[],
  deps: CacheDeps,
): Promise<ReadonlyMap<string, VectorBytes>> {
  return (await deps.cache?.find(new Set(records.map(({ text }) => text)), cacheSpace(deps))) ?? none;
}

function cacheSpace({ provider, embedder: { model, dimensions } }: CacheDeps): CacheSpace {
  return { provider, model, dimensions, textFormat };
}

async function paidVectors(
  records: readonly IndexRecord[],
  stored: ReadonlyMap<string, VectorBytes>,
  { taskId, chunk }: ChunkWork,
  { work, embedder, ...limits }: ChunkDeps,
  report: Report,
): Promise<{ paid: ReadonlyMap<string, VectorBytes>; refused: readonly FailedRecord[] }> {
  if (records.length === 0) return { paid: stored, refused: [] };
  const embedded = await embedRecords(records, embedder, limits, (embedded) => report({ embedded }));
  const paid = new Map<string, VectorBytes>([...stored, ...embedded.vectors]);
  await work.write(
    keysOf(taskId).vectors(chunk.chunk),
    encodeVectors(paid, embedder),
    "application/octet-stream",
  );
  return { paid, refused: embedded.refused };
}

function tokensIn(records: readonly IndexRecord[]): number {
  const texts = new Set(records.map(({ text }) => text));
  return [...texts].reduce((sum, text) => sum + countTokensUpTo(text), 0);
}

/** Stores the failed records. Without any, removes the file of an earlier attempt. */
async function keepFailed(failed: readonly FailedRecord[], key: string, work: ObjectStore): Promise<void> {
  if (failed.length === 0) await work.remove(key);
  else await work.write(key, asLines(failed.toSorted((a, b) => a.row - b.row)), "application/x-ndjson");
}
