import type { VectorBytes } from "../../embedding/embedder.ts";
import { batchesOf } from "../../resilience/batch.ts";
import { bisect } from "../../resilience/bisect.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import { inSpan } from "../../tracing/span.ts";
import { type FailedRecord, failed } from "../records/failed-record.ts";
import type { IndexRecord } from "../records/record.ts";
import { IndexOfAnotherDimensionError, VectorsRefusedError } from "./index-errors.ts";
import type { IndexVector, VectorIndex } from "./vector-index.ts";

/** Pinecone's limit is 2 MB per request; the JSON frame adds to the vectors. */
const bytesPerRequest = 1_900_000;
/** A number with eight decimals and its comma. */
const bytesPerNumber = 12;
/** Bounded, because each request holds its vectors as numbers, as JSON and as bytes. */
const requestsInFlight = 3;
const decimals = 1e8;

/** A record with its vector. */
export interface EmbeddedRecord {
  readonly record: IndexRecord;
  readonly vector: VectorBytes;
  /** Set in incremental runs. */
  readonly contentHash: string | undefined;
}

/**
 * Upserts records in concurrent batches of at most `batchSize` within Pinecone's size limit. A refused batch is
 * bisected to find the poison records, unless the index has other dimensions. Returns the poison records. `written`
 * receives the number of written vectors. Throws IndexOfAnotherDimensionError, and other errors as they are.
 */
export async function upsertRecords(
  records: readonly EmbeddedRecord[],
  index: VectorIndex,
  batchSize: number,
  written: (vectors: number) => Promise<void> = async () => {},
): Promise<FailedRecord[]> {
  const batches = [...byNamespace(records)].flatMap(([namespace, members]) =>
    Array.from(
      batchesOf(members, { maxCount: batchSize, maxBytes: bytesPerRequest, bytesOf: sizeOf }),
      (batch) => ({ namespace, batch }),
    ),
  );
  const refused: FailedRecord[] = [];
  await inParallel(batches, requestsInFlight, async ({ namespace, batch }) => {
    refused.push(...(await upsertBatch(namespace, batch, index)));
    await written(batch.length);
  });
  return refused;
}

async function upsertBatch(
  namespace: string,
  batch: readonly EmbeddedRecord[],
  index: VectorIndex,
): Promise<FailedRecord[]> {
  const send = (some: readonly EmbeddedRecord[]) => attempt(namespace, some, index);
  const refusal = await send(batch);
  if (refusal === undefined) return [];
  await requireDimension(batch, index);
  return Array.from(await bisect(batch, refusal, { attempt: send }), ([{ record }, { message }]) =>
    failed(record.origin, "refused_by_index", message),
  );
}

async function attempt(
  namespace: string,
  batch: readonly EmbeddedRecord[],
  index: VectorIndex,
): Promise<VectorsRefusedError | undefined> {
  try {
    await inSpan("index.upsert", { namespace, vectors: batch.length }, () =>
      index.upsert(namespace, batch.map(vectorOf)),
    );
    return undefined;
  } catch (error) {
    if (error instanceof VectorsRefusedError) return error;
    throw error;
  }
}

/**
 * An index with other dimensions refuses every vector: one check detects it, where bisection would need two requests
 * per record.
 */
async function requireDimension([first]: readonly EmbeddedRecord[], index: VectorIndex): Promise<void> {
  const given = (first?.vector.length ?? 0) / 4;
  const held = await index.dimension();
  if (held !== undefined && held !== given) throw new IndexOfAnotherDimensionError(held, given);
}

function byNamespace(records: readonly EmbeddedRecord[]): Map<string, EmbeddedRecord[]> {
  return Map.groupBy(records, ({ record }) => record.namespace);
}

function sizeOf({ record, vector }: EmbeddedRecord): number {
  return (
    (vector.length / 4) * bytesPerNumber +
    Buffer.byteLength(JSON.stringify(record.metadata)) +
    record.id.length
  );
}

function vectorOf({ record, vector, contentHash }: EmbeddedRecord): IndexVector {
  return {
    id: record.id,
    values: numbersOf(vector),
    metadata: { ...record.metadata, ...(contentHash !== undefined && { content_hash: contentHash }) },
  };
}

/**
 * Eight decimals are precise to five parts per billion for a vector of length 1, far below a model's noise, and halve
 * the request size. A plain loop, because this is the second most expensive step per row after JSON.
 */
function numbersOf(vector: VectorBytes): number[] {
  const view = new DataView(vector.buffer, vector.byteOffset, vector.byteLength);
  const numbers = new Array<number>(vector.length / 4);
  for (let at = 0; at < numbers.length; at += 1) {
    numbers[at] = Math.round(view.getFloat32(at * 4, true) * decimals) / decimals;
  }
  return numbers;
}
