import type { Neighbour, NeighbourQuery, StoredVector } from "../collections/chroma/vector-store.ts";
import { documentModel } from "../documents/documents.ts";
import { holdsFor } from "./neighbour-filter.ts";

/** The vectors of the documents in the overlay, by document key. */
export type OverlayVectors = ReadonlyMap<string, readonly StoredVector[]>;

/** Maximum k of a query to the approximate index. */
const maxAsked = 4_000;

/**
 * Nearest neighbours in a base and its overlay. The base proposes neighbours from its approximate index; vectors in the
 * overlay are all compared, and those that they replace in the base are ignored.
 */
export async function neighboursOver(
  ofBase: (query: NeighbourQuery) => Promise<readonly Neighbour[]>,
  overlay: OverlayVectors,
  query: NeighbourQuery,
): Promise<readonly Neighbour[]> {
  if (overlay.size === 0) return ofBase(query);
  const above = [...overlay.values()].flatMap((vectors) => nearest(vectors, query));
  return [...(await belowOverlay(ofBase, overlay, query)), ...above].sort(bestFirst).slice(0, query.k);
}

/** Repeats the query with a larger k if the overlay replaces too many of the neighbours. */
async function belowOverlay(
  ofBase: (query: NeighbourQuery) => Promise<readonly Neighbour[]>,
  overlay: OverlayVectors,
  query: NeighbourQuery,
): Promise<readonly Neighbour[]> {
  for (let k = 2 * query.k; ; k *= 4) {
    const found = await ofBase({ ...query, k });
    const left = found.filter(({ id }) => !overlay.has(documentModel.keyOfVector(id)));
    if (left.length >= query.k || found.length < k || k >= maxAsked) return left;
  }
}

function nearest(vectors: readonly StoredVector[], { vector, filter }: NeighbourQuery): Neighbour[] {
  return vectors
    .filter(({ metadata }) => filter.every((term) => holdsFor(term, metadata)))
    .map(({ id, document, metadata, vector: own }) => ({
      id,
      document,
      metadata,
      similarity: cosine(vector, own),
    }));
}

function cosine(one: readonly number[], other: Float32Array): number {
  let [product, ofOne, ofOther] = [0, 0, 0];
  for (let at = 0; at < other.length; at += 1) {
    const [a, b] = [one[at] ?? 0, other[at] ?? 0];
    product += a * b;
    ofOne += a * a;
    ofOther += b * b;
  }
  return product / (Math.sqrt(ofOne * ofOther) || 1);
}

function bestFirst(one: Neighbour, other: Neighbour): number {
  return other.similarity - one.similarity || (one.id < other.id ? -1 : 1);
}
