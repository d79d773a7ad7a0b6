import { hash } from "node:crypto";
import { z } from "zod";
import type { Embedder, VectorBytes } from "../../embedding/embedder.ts";
import type { Log } from "../../log.ts";
import { upsertRecords } from "../index/upsert-records.ts";
import type { VectorIndex } from "../index/vector-index.ts";
import { asLines, type FailedRecord, type SourceRow } from "../records/failed-record.ts";
import { type IndexRecord, type RecordRules, readRecord } from "../records/record.ts";
import { exactTokens } from "../records/tokens.ts";
import type { ProcessRequest } from "../requests/process-request.ts";
import { keysOf } from "../sources/keys.ts";
import type { ObjectStore } from "../sources/object-store.ts";
import type { Chunk, Plan } from "../sources/plan.ts";
import { rowsOfChunk } from "../sources/read-chunk.ts";
import { type Counts, counts } from "../tasks/counts.ts";
import { embedRecords } from "./embed-records.ts";
import { decodeVectors, encodeVectors, type VectorSpace } from "./stored-vectors.ts";

const result = z.object({ chunk: z.number(), counts });

export interface ChunkServices {
  /** Where callers put their files. */
  readonly source: ObjectStore;
  /** Where the catch-up keeps its own. */
  readonly work: ObjectStore;
  readonly embedder: Embedder;
  readonly index: VectorIndex;
  readonly tokensPerRequest: number;
  readonly rules: Pick<RecordRules, "columnTypes" | "tokensPerText">;
  readonly log: Log;
}

export interface ChunkWork {
  readonly taskId: string;
  readonly chunk: Chunk;
  readonly plan: Plan;
  readonly request: ProcessRequest;
}

/**
 * Brings the rows of one chunk into the index and says what became of each. Working on a chunk again changes nothing
 * and pays nothing: its result is there already, or its vectors are, and a vector of the same id replaces itself.
 * Throws RowsDisagree, SourceChanged and what the embedder and the index throw; then nothing counts.
 */
export async function processChunk(work: ChunkWork, services: ChunkServices): Promise<Counts> {
  const keys = keysOf(work.taskId);
  const earlier = await readResult(work.taskId, work.chunk.chunk, services.work);
  if (earlier) return earlier;

  const rows = await readSource(work, services);
  const { records, failures, filtered } = readRecords(rows, work, services);
  const written = await writeRecords(records, work, services);

  const failed = [...failures, ...written.failures];
  const total: Counts = {
    processed: rows.length - failed.length - filtered,
    failed: failed.length,
    filtered,
    unchanged: written.unchanged,
    tokens: written.tokens,
  };
  await keepFailed(failed, keys.failed(work.chunk.chunk), services.work);
  await services.work.write(
    keys.result(work.chunk.chunk),
    JSON.stringify({ chunk: work.chunk.chunk, counts: total }),
    "application/json",
  );
  return total;
}

/** What became of a chunk; undefined where nobody has finished it. */
export async function readResult(
  taskId: string,
  chunk: number,
  work: ObjectStore,
): Promise<Counts | undefined> {
  const stored = await work.read(keysOf(taskId).result(chunk));
  return stored && result.parse(JSON.parse(Buffer.from(stored).toString())).counts;
}

async function readSource({ chunk, plan }: ChunkWork, { source, work }: ChunkServices): Promise<SourceRow[]> {
  const store = chunk.place === "source" ? source : work;
  const bytes = await store.readRange(chunk.key, chunk.etag, chunk.first, chunk.last);
  return rowsOfChunk(bytes, chunk, plan.columns);
}

interface Read {
  readonly records: IndexRecord[];
  readonly failures: FailedRecord[];
  readonly filtered: number;
}

function readRecords(
  rows: readonly SourceRow[],
  { plan, request }: ChunkWork,
  { rules }: ChunkServices,
): Read {
  const full: RecordRules = {
    ...rules,
    questionId: request.question_id,
    namespace: request.namespace,
    dates:
      plan.date_column === undefined
        ? undefined
        : { column: plan.date_column, start: request.start_date, end: request.end_date },
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

interface Written {
  readonly failures: readonly FailedRecord[];
  readonly unchanged: number;
  readonly tokens: number;
}

async function writeRecords(
  records: readonly IndexRecord[],
  work: ChunkWork,
  services: ChunkServices,
): Promise<Written> {
  const { request } = work;
  if (request.dry_run) return { failures: [], unchanged: 0, tokens: tokensIn(records) };
  const hashes = request.incremental ? hashesOf(records, services.embedder) : new Map<IndexRecord, string>();
  const changed = request.incremental ? await changedOf(records, hashes, services.index) : records;
  const { vectors, refused } = await vectorsOf(changed, work, services);
  const embedded = lastOfEachId(changed).flatMap((record) => {
    const vector = vectors.get(record.text);
    return vector === undefined ? [] : [{ record, vector, contentHash: hashes.get(record) }];
  });
  const failures = await upsertRecords(embedded, services.index, request.batch_size);
  return {
    failures: [...refused, ...failures],
    unchanged: records.length - changed.length,
    tokens: changed.reduce((sum, { tokens }) => sum + tokens, 0),
  };
}

/** Stored before they are used: whoever works on the chunk after a crash finds them paid for (F12). */
async function vectorsOf(
  records: readonly IndexRecord[],
  { taskId, chunk }: ChunkWork,
  { work, embedder, tokensPerRequest }: ChunkServices,
) {
  const key = keysOf(taskId).vectors(chunk.chunk);
  const stored = decodeVectors(
    await work.read(key),
    records.map(({ text }) => text),
    embedder,
  );
  const missing = records.filter(({ text }) => !stored.has(text));
  if (missing.length === 0) return { vectors: stored, refused: [] };
  const embedded = await embedRecords(missing, embedder, tokensPerRequest);
  const vectors = new Map<string, VectorBytes>([...stored, ...embedded.vectors]);
  await work.write(key, encodeVectors(vectors, embedder), "application/octet-stream");
  return { vectors, refused: embedded.refused };
}

/** A later row of the same id replaces an earlier one, whatever the order of the requests. */
function lastOfEachId(records: readonly IndexRecord[]): IndexRecord[] {
  return [...new Map(records.map((record) => [`${record.namespace}\n${record.id}`, record])).values()];
}

/** What a vector is made of: text, metadata, model. */
function hashesOf(
  records: readonly IndexRecord[],
  { model, dimensions }: VectorSpace,
): Map<IndexRecord, string> {
  return new Map(
    records.map((record) => [
      record,
      hash("sha256", JSON.stringify([model, dimensions, Object.entries(record.metadata).sort()]), "hex"),
    ]),
  );
}

async function changedOf(
  records: readonly IndexRecord[],
  hashes: ReadonlyMap<IndexRecord, string>,
  index: VectorIndex,
): Promise<IndexRecord[]> {
  const changed: IndexRecord[] = [];
  for (const [namespace, members] of Map.groupBy(records, (record) => record.namespace)) {
    const held = await index.contentHashes(
      namespace,
      members.map(({ id }) => id),
    );
    changed.push(...members.filter((record) => held.get(record.id) !== hashes.get(record)));
  }
  return changed;
}

function tokensIn(records: readonly IndexRecord[]): number {
  const texts = new Set(records.map(({ text }) => text));
  return [...texts].reduce((sum, text) => sum + exactTokens(text), 0);
}

/** A file of an earlier attempt must not outlive it. */
async function keepFailed(failed: readonly FailedRecord[], key: string, work: ObjectStore): Promise<void> {
  if (failed.length === 0) await work.remove(key);
  else await work.write(key, asLines(failed.toSorted((a, b) => a.row - b.row)), "application/x-ndjson");
}
