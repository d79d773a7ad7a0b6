import { hash } from "node:crypto";
import { unfilterableMirrorKeys } from "../../contract/mirror.ts";
import type { SinkLimits, SinkVector } from "../catchup/index/vector-sink.ts";
import type { StoredVector } from "../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../deltas/delta.ts";
import { type Described, digestOf } from "../verify/digest.ts";

/**
 * Equal for equal vectors. It has the run instead of the numbers: a run has exactly one delta per collection, and Chroma
 * does not preserve the last digits of numbers.
 */
export function contentHashOf(vector: Described, runId: string | null): string {
  const { document, metadata } = digestOf(vector);
  return hash("sha256", JSON.stringify([runId, document, metadata])).slice(0, 32);
}

export function mirroredVector(
  { id, document, metadata, vector }: StoredVector,
  runId: string | null,
  limits: SinkLimits,
): SinkVector {
  return {
    id,
    vector: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength),
    metadata: {
      ...filterable(metadata, limits),
      text: document,
      content_hash: contentHashOf({ id, document, metadata }, runId),
    },
  };
}

/**
 * The metadata that a search can filter by, without the largest values if all of them together exceed the limits of the
 * index: a vector without one value is better than a shard without the vector.
 */
function filterable(metadata: VectorMetadata, { filterableBytes, metadataKeys }: SinkLimits): VectorMetadata {
  const unfilterable: readonly string[] = unfilterableMirrorKeys;
  const sized = Object.entries(metadata)
    .filter(([key]) => !unfilterable.includes(key))
    .map(([key, value]) => ({ key, value, bytes: Buffer.byteLength(JSON.stringify({ [key]: value })) }))
    .sort((one, other) => other.bytes - one.bytes || (one.key < other.key ? -1 : 1));
  let bytes = sized.reduce((sum, each) => sum + each.bytes, 0);
  let left = sized.length;
  const room = metadataKeys - unfilterable.length;
  const kept = sized.filter((each) => {
    if (bytes <= filterableBytes && left <= room) return true;
    bytes -= each.bytes;
    left -= 1;
    return false;
  });
  return Object.fromEntries(kept.map(({ key, value }) => [key, value]));
}
