import type { Neighbour } from "../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../deltas/delta.ts";
import type { Collection } from "../receipts/receipt.ts";
import { collectionOf } from "../receipts/shards.ts";
import { type FollowedCollection, useAll } from "./followed-collection.ts";
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
  /** By shard, the number of the generation that answered; null where nothing was published. */
  readonly generations: Readonly<Record<string, number | null>>;
  /** Best first; equal scores by id. */
  readonly hits: readonly Hit[];
}

/**
 * Answers one request from the generations that the shards of its collection serve now. A shard in which nothing is
 * published has no hits; one that is not open could have some, so the request then fails.
 */
export async function search(
  request: SearchRequest,
  followed: readonly FollowedCollection[],
  vectors: QueryVectors,
): Promise<SearchAnswer> {
  const { collection, k } = request;
  const filter = neighbourFilter(request);
  const shards = followed.filter(({ shard }) => collectionOf(shard) === collection);
  const published = shards.filter(({ state }) => state !== "empty");
  return useAll(published.length > 0 ? published : shards, async (generations) => {
    const vector = request.vector ?? (await vectors.of(request.text ?? ""));
    const query = { vector, k, filter };
    const found = await Promise.all([...generations.values()].map((generation) => generation.query(query)));
    return {
      collection,
      generations: Object.fromEntries(
        shards.map(({ shard }) => [shard, generations.get(shard)?.number ?? null]),
      ),
      hits: found.flat().map(hit).sort(bestFirst).slice(0, k),
    };
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
