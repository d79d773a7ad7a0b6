import * as z from "zod";
import { type Collection, collectionOf } from "../../contract/collections.ts";
import type { StoredVector } from "../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../deltas/delta.ts";
import { documentSearch, type Evidence } from "../documents/document-search.ts";
import { type FollowedCollection, useAll } from "./followed-collection.ts";
import { type Hit, hitsOfVectors } from "./hit.ts";
import { best } from "./search.ts";
import { AnswerNotExactError, VectorUnknownError } from "./search-errors.ts";
import { rank } from "./snapshot/rank.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";

/** The query of `GET /similar`. */
export const similarRequest = z.strictObject({
  /** Id of a stored vector, as shown in hits. */
  id: documentSearch.vectorId,
  k: z.coerce.number().int().min(1).max(100).default(10),
});

export type SimilarRequest = z.infer<typeof similarRequest>;

/** The neighbours, with the evidence that they add up to. */
export interface SimilarAnswer extends Evidence {
  readonly collection: Collection;
  /** The number of the generation that answered, by shard; null if nothing was published. */
  readonly generations: Readonly<Record<string, number | null>>;
  readonly of: { readonly id: string; readonly text: string; readonly metadata: VectorMetadata };
  /** Nearest first by cosine similarity, without the vector itself. */
  readonly hits: readonly Hit[];
}

/**
 * The nearest neighbours of a stored vector, with the evidence that they add up to. Throws VectorUnknownError,
 * AnswerNotExactError and the errors of `useAll`.
 */
export async function similar(
  { id, k }: SimilarRequest,
  followed: readonly FollowedCollection[],
): Promise<SimilarAnswer> {
  const collection = documentSearch.collectionOfVector(id);
  const shards = followed.filter(({ shard }) => collectionOf(shard) === collection);
  const published = shards.filter(({ state }) => state !== "empty");
  return useAll(published.length > 0 ? published : shards, async (generations) => {
    const snapshots = Array.from(generations.values(), ({ snapshot, name }) => {
      if (snapshot === undefined) throw new AnswerNotExactError("similar", name);
      return snapshot;
    });
    const of = snapshots.map((snapshot) => snapshot.vector(id)).find((found) => found !== undefined);
    if (of === undefined) throw new VectorUnknownError(id);
    const neighbours = await Promise.all(snapshots.map((snapshot) => neighboursOf(of, snapshot, k)));
    const hits = best(neighbours.flat(), k);
    return {
      collection,
      generations: Object.fromEntries(
        shards.map(({ shard }) => [shard, generations.get(shard)?.number ?? null]),
      ),
      of: { id, text: of.document, metadata: of.metadata },
      ...evidenceOf(hits),
      hits,
    };
  });
}

/** Ranks one additional row, because the vector's own row is dropped. */
export async function neighboursOf(
  { id, vector }: Pick<StoredVector, "id" | "vector">,
  snapshot: Snapshot,
  k: number,
): Promise<Hit[]> {
  const ranked = await rank(snapshot, {
    text: "",
    vector: Array.from(vector),
    mode: "dense",
    k: k + 1,
    question: undefined,
    minCosine: undefined,
    accepts: () => true,
  });
  return ranked.flatMap(hitsOfVectors).filter((hit) => hit.id !== id);
}

export function evidenceOf(hits: readonly Hit[]): Evidence {
  return documentSearch.evidenceOf(hits.map(({ metadata }) => metadata));
}
