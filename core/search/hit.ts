import type { Neighbour } from "../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../deltas/delta.ts";
import { documentSearch, type HitPlace, type HitShown } from "../documents/document-search.ts";
import { grams } from "./lexical/grams.ts";
import type { RankedRow } from "./snapshot/ranked-row.ts";

/** Why a hit is one. */
export interface FoundBy {
  /** Cosine similarity of its nearest vector; null where only letters were compared. */
  readonly cosine: number | null;
  /** Share of the query's rare letters that its row contains, 0 to 1. */
  readonly coverage: number;
  /** What the query names and the row has, for people to read. */
  readonly matched: readonly string[];
}

/** With the ids of its document, and what is known of it. */
export interface Hit extends HitPlace, HitShown {
  readonly id: string;
  readonly text: string;
  /** The larger the better; of mode `dense`, cosine similarity. */
  readonly score: number;
  readonly metadata: VectorMetadata;
  /** The whole row, and the ids of its vectors in reading order. Absent where the answer is approximate. */
  readonly row?: { readonly text: string; readonly ids: readonly string[] };
  readonly found_by?: FoundBy;
}

/** A hit of an approximate answer. */
export function hitOfNeighbour({ id, document, metadata, similarity }: Neighbour): Hit {
  return { id, ...documentSearch.placeOf(metadata), text: document, score: similarity, metadata };
}

/** One hit of a row: by the vector of it that shares most with the query, of those that its filter accepts. */
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

/** A hit for each vector of a row. */
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
