import type { Neighbour } from "../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../deltas/delta.ts";
import { documentSearch, type HitPlace, type HitShown } from "../documents/document-search.ts";
import { grams } from "./lexical/grams.ts";
import type { RankedRow } from "./snapshot/ranked-row.ts";

/** The evidence for a hit. */
export interface FoundBy {
  /** Cosine similarity of its nearest vector; null if no vector was compared. */
  readonly cosine: number | null;
  /** Share of the query's rare letters that the row contains, from 0 to 1. */
  readonly coverage: number;
  /** Values that both the query and the row contain, as text for people. */
  readonly matched: readonly string[];
}

/** A hit, with the ids of its document and its current facts. */
export interface Hit extends HitPlace, HitShown {
  readonly id: string;
  readonly text: string;
  /** Higher is better. In mode `dense` it is the cosine similarity. */
  readonly score: number;
  readonly metadata: VectorMetadata;
  /** The whole row, and the ids of its vectors in reading order. Absent in approximate answers. */
  readonly row?: { readonly text: string; readonly ids: readonly string[] };
  readonly found_by?: FoundBy;
}

/** A hit of an approximate answer. */
export function hitOfNeighbour({ id, document, metadata, similarity }: Neighbour): Hit {
  return { id, ...documentSearch.placeOf(metadata), text: document, score: similarity, metadata };
}

/** One hit for a row. It shows the vector that shares most letters with the query, of those that pass the filter. */
export function hitOfRow(
  ranked: RankedRow,
  query: string,
  accepts: (metadata: VectorMetadata) => boolean,
): Hit {
  const wanted = grams(query);
  let [best, most] = [0, -1];
  for (const [index, { document, metadata }] of ranked.row.vectors.entries()) {
    if (!accepts(metadata)) continue;
    const shared = [...grams(document).keys()].filter((gram) => wanted.has(gram)).length;
    if (shared > most) [best, most] = [index, shared];
  }
  return hitOfVector(ranked, best);
}

/** One hit for each vector of a row. */
export function hitsOfVectors(ranked: RankedRow): Hit[] {
  return ranked.row.vectors.map((_, index) => hitOfVector(ranked, index));
}

function hitOfVector({ row, head, score, cosine, coverage, matched }: RankedRow, index: number): Hit {
  const vector = row.vectors[index] ?? row.vectors[0];
  const { id = "", document = "", metadata = {} } = vector ?? {};
  return {
    id,
    ...documentSearch.placeOf(metadata),
    text: document,
    score,
    metadata,
    row: { text: row.text, ids: row.vectors.map((each) => each.id) },
    ...documentSearch.shownOf(metadata, head),
    found_by: { cosine: cosine ?? null, coverage, matched },
  };
}
