import type { ShardName } from "../../contract/collections.ts";
import { nameOf, VectorsRefusedError } from "../catchup/index/index-errors.ts";
import type { SinkLimits, SinkVector } from "../catchup/index/vector-sink.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { batchesByCount, batchesOf } from "../resilience/batch.ts";
import { bisect } from "../resilience/bisect.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import type { MirrorIndex } from "./mirror-index.ts";

const idsPerDelete = 500;

export interface MirrorWriteDeps {
  readonly shard: ShardName;
  readonly index: MirrorIndex;
  /** Throws LeaseLostError if another process may write to the mirror. */
  readonly assertHeld: () => void;
  readonly log: Log;
  readonly metrics: Metrics;
}

/**
 * Upserts vectors in batches within the limits of the index, each only while the lease is held. A vector that the index
 * refuses because of its content is logged and left out, so that it does not keep the others from being mirrored.
 */
export async function upsertAll(deps: MirrorWriteDeps, vectors: readonly SinkVector[]): Promise<void> {
  const { index, metrics } = deps;
  const { limits } = index;
  const batches = batchesOf(vectors, {
    maxCount: limits.vectors,
    maxBytes: limits.bytes,
    bytesOf: (vector) => bytesOf(vector, limits),
  });
  await inParallel(batches, limits.inFlight, async (batch) => {
    const refused = await upsertBatch(deps, batch);
    metrics.count("MirrorVectorsWritten", batch.length - refused);
  });
}

/** Deletes vectors, each batch only while the lease is held. */
export async function deleteAll(
  { index, assertHeld, metrics }: MirrorWriteDeps,
  ids: readonly string[],
): Promise<void> {
  await inParallel(batchesByCount(ids, idsPerDelete), index.limits.inFlight, async (batch) => {
    assertHeld();
    await index.delete(batch);
    metrics.count("MirrorVectorsDeleted", batch.length);
  });
}

/** Returns the number of refused vectors. */
async function upsertBatch(deps: MirrorWriteDeps, batch: readonly SinkVector[]): Promise<number> {
  const { shard, log, metrics } = deps;
  const attempt = (some: readonly SinkVector[]) => refusalOf(deps, some);
  const refusal = await attempt(batch);
  if (refusal === undefined) return 0;
  const refused = await bisect(batch, refusal, { attempt });
  for (const [{ id }, { message }] of refused) {
    log.error(`${nameOf("s3vectors")} refused a vector of the mirror`, {
      shard,
      vector_id: id,
      reason: message,
    });
  }
  metrics.count("MirrorVectorsRefused", refused.size);
  // The former vector of a refused one would be stale.
  await deleteAll(
    deps,
    [...refused.keys()].map(({ id }) => id),
  );
  return refused.size;
}

async function refusalOf(
  { index, assertHeld }: MirrorWriteDeps,
  vectors: readonly SinkVector[],
): Promise<VectorsRefusedError | undefined> {
  assertHeld();
  try {
    await index.upsert(vectors);
    return undefined;
  } catch (error) {
    if (error instanceof VectorsRefusedError) return error;
    throw error;
  }
}

/** The size of a vector in the body of a request. */
export function bytesOf({ id, vector, metadata }: SinkVector, { bytesPerNumber }: SinkLimits): number {
  return (vector.length / 4) * bytesPerNumber + Buffer.byteLength(JSON.stringify(metadata)) + id.length;
}
