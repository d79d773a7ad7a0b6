import type { VectorBytes } from "../../embedding/embedder.ts";
import { batchesOf } from "../../resilience/batch.ts";
import { bisect } from "../../resilience/bisect.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import { inSpan } from "../../tracing/span.ts";
import { type FailedRecord, failed } from "../records/failed-record.ts";
import type { IndexRecord } from "../records/record.ts";
import { IndexOfAnotherDimensionError, VectorsRefusedError } from "./index-errors.ts";
import type { SinkLimits, SinkVector, VectorSink } from "./vector-sink.ts";

/** A record with its vector. */
export interface EmbeddedRecord {
  readonly record: IndexRecord;
  readonly vector: VectorBytes;
  /** Set in incremental runs. */
  readonly contentHash: string | undefined;
}

/**
 * Upserts records in concurrent batches of at most `batchSize` within the sink's limits. A refused batch is
 * bisected to find the poison records, unless the index has other dimensions. Returns the poison records. `written`
 * receives the number of written vectors. Throws IndexOfAnotherDimensionError, and other errors as they are.
 */
export async function upsertRecords(
  records: readonly EmbeddedRecord[],
  index: VectorSink,
  batchSize: number,
  written: (vectors: number) => Promise<void> = async () => {},
): Promise<FailedRecord[]> {
  const { limits } = index;
  const batches = [...byNamespace(records)].flatMap(([namespace, members]) =>
    Array.from(
      batchesOf(members, {
        maxCount: Math.min(batchSize, limits.vectors),
        maxBytes: limits.bytes,
        bytesOf: (record) => sizeOf(record, limits),
      }),
      (batch) => ({ namespace, batch }),
    ),
  );
  const refused: FailedRecord[] = [];
  await inParallel(batches, limits.inFlight, async ({ namespace, batch }) => {
    refused.push(...(await upsertBatch(namespace, batch, index)));
    await written(batch.length);
  });
  return refused;
}

async function upsertBatch(
  namespace: string,
  batch: readonly EmbeddedRecord[],
  index: VectorSink,
): Promise<FailedRecord[]> {
  const send = (some: readonly EmbeddedRecord[]) => attempt(namespace, some, index);
  const refusal = await send(batch);
  if (refusal === undefined) return [];
  await requireDimension(namespace, batch, index);
  return Array.from(await bisect(batch, refusal, { attempt: send }), ([{ record }, { message }]) =>
    failed(record.origin, "refused_by_index", message),
  );
}

async function attempt(
  namespace: string,
  batch: readonly EmbeddedRecord[],
  index: VectorSink,
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
async function requireDimension(
  namespace: string,
  [first]: readonly EmbeddedRecord[],
  index: VectorSink,
): Promise<void> {
  const given = (first?.vector.length ?? 0) / 4;
  const { dimension: held } = await index.describe(namespace);
  if (held !== undefined && held !== given) throw new IndexOfAnotherDimensionError(index.sink, held, given);
}

function byNamespace(records: readonly EmbeddedRecord[]): Map<string, EmbeddedRecord[]> {
  return Map.groupBy(records, ({ record }) => record.namespace);
}

function sizeOf({ record, vector }: EmbeddedRecord, { bytesPerNumber }: SinkLimits): number {
  return (
    (vector.length / 4) * bytesPerNumber +
    Buffer.byteLength(JSON.stringify(record.metadata)) +
    record.id.length
  );
}

function vectorOf({ record, vector, contentHash }: EmbeddedRecord): SinkVector {
  return {
    id: record.id,
    vector,
    metadata: { ...record.metadata, ...(contentHash !== undefined && { content_hash: contentHash }) },
  };
}
