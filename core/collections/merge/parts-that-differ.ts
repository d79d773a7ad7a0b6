import type { Delta } from "../../deltas/delta.ts";
import { isSameValue } from "../../deltas/same-value.ts";
import { documentModel } from "../../documents/documents.ts";
import type { DeltaPart, MergeStore, StoredVector } from "../chroma/vector-store.ts";

const bytesPerNumber = 4;
const relativeTolerance = 1e-5;

/**
 * The parts without the vectors that the store already holds: rewriting a vector costs several times as much as a new
 * one. Facts are not compared, because they can be written without the vector. `existing` are the ids that the store
 * has of these documents.
 */
export async function partsThatDiffer(
  store: MergeStore,
  parts: readonly DeltaPart[],
  existing: ReadonlySet<string>,
): Promise<readonly DeltaPart[]> {
  const inBoth = parts.flatMap(({ delta, from, to }) =>
    delta.ids.slice(from, to).filter((id) => existing.has(id)),
  );
  if (inBoth.length === 0) return parts.filter(({ from, to }) => from < to);
  const stored = new Map((await store.read(inBoth)).map((vector) => [vector.id, vector]));
  return parts.flatMap((part) => runs(part, (position) => !isStored(part.delta, position, stored)));
}

/** The longest ranges of a part in which every position passes. */
function runs({ delta, from, to }: DeltaPart, passes: (position: number) => boolean): DeltaPart[] {
  const found: DeltaPart[] = [];
  let start: number | undefined;
  for (let position = from; position <= to; position += 1) {
    if (position < to && passes(position)) start ??= position;
    else if (start !== undefined) {
      found.push({ delta, from: start, to: position });
      start = undefined;
    }
  }
  return found;
}

function isStored(delta: Delta, position: number, stored: ReadonlyMap<string, StoredVector>): boolean {
  const there = stored.get(delta.ids[position] ?? "");
  if (!there || there.document !== delta.documents[position]) return false;
  const metadata = Object.entries(delta.metadatas[position] ?? {}).filter(
    ([key]) => !documentModel.isFactKey(key),
  );
  if (metadata.some(([key, value]) => !isSameValue(there.metadata[key], value))) return false;
  return isSameVector(there.vector, vectorAt(delta, position));
}

/** Chroma normalises vectors and scales them back, so the last digits may differ. */
export function isSameVector(one: Float32Array, other: Float32Array): boolean {
  let difference = 0;
  let length = 0;
  for (let index = 0; index < other.length; index += 1) {
    const value = other[index] ?? 0;
    difference += (value - (one[index] ?? 0)) ** 2;
    length += value ** 2;
  }
  return one.length === other.length && difference <= relativeTolerance ** 2 * length;
}

export function vectorAt({ vectors, dimensions }: Delta, position: number): Float32Array {
  const width = dimensions * bytesPerNumber;
  const copy = new Uint8Array(vectors.subarray(position * width, (position + 1) * width));
  return new Float32Array(copy.buffer);
}
