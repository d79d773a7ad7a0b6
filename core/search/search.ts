import type { Neighbour } from "../collections/vector-store.ts";
import type { VectorMetadata } from "../deltas/delta.ts";
import type { Collection } from "../receipts/receipt.ts";
import type { FollowedCollection } from "./followed-collection.ts";
import { neighbourFilter } from "./neighbour-filter.ts";
import type { QueryVectors } from "./query-vectors.ts";
import type { SearchRequest } from "./search-request.ts";

export interface Hit {
  readonly id: string;
  readonly image_id: VectorMetadata[string] | undefined;
  readonly receipt_id: VectorMetadata[string] | undefined;
  readonly line_id: VectorMetadata[string] | undefined;
  /** Hits in words only. */
  readonly word_id?: VectorMetadata[string];
  readonly text: string;
  /** Cosine similarity. */
  readonly score: number;
  readonly metadata: VectorMetadata;
}

export interface SearchAnswer {
  readonly collection: Collection;
  readonly generation: number;
  /** Best first; equal scores by id. */
  readonly hits: readonly Hit[];
}

/** Answers one request from the generation that its collection serves now. */
export async function search(
  request: SearchRequest,
  followed: Readonly<Record<Collection, FollowedCollection>>,
  vectors: QueryVectors,
): Promise<SearchAnswer> {
  const { collection, k } = request;
  const filter = neighbourFilter(request);
  return followed[collection].use(async (generation) => {
    const vector = request.vector ?? (await vectors.of(request.text ?? ""));
    const neighbours = await generation.query({ vector, k, filter });
    return { collection, generation: generation.number, hits: neighbours.map(hit).sort(bestFirst) };
  });
}

function hit({ id, document, metadata, similarity }: Neighbour): Hit {
  return {
    id,
    image_id: metadata.image_id,
    receipt_id: metadata.receipt_id,
    line_id: metadata.line_id,
    ...(metadata.word_id === undefined ? {} : { word_id: metadata.word_id }),
    text: document,
    score: similarity,
    metadata,
  };
}

function bestFirst(one: Hit, other: Hit): number {
  return other.score - one.score || (one.id < other.id ? -1 : 1);
}
