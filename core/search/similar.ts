import * as z from "zod";
import type { Collection } from "../../contract/collections.ts";
import { collectionOf } from "../../contract/collections.ts";
import type { StoredVector } from "../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../deltas/delta.ts";
import { labelPrefix } from "../receipts/vector-metadata.ts";
import { type FollowedCollection, useAll } from "./followed-collection.ts";
import { type Hit, hitsOfVectors } from "./hit.ts";
import { best } from "./search.ts";
import { AnswerNotExactError, VectorUnknownError } from "./search-errors.ts";
import { rank } from "./snapshot/rank.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";

/** The query of `GET /similar`. */
export const similarRequest = z.strictObject({
  /** Id of a stored vector, as hits have it. */
  id: z.string().regex(/^IMAGE#[^#]+#RECEIPT#\d{5,}#LINE#\d{5,}(#WORD#\d{5,})?$/, "is not an id of a vector"),
  k: z.coerce.number().int().min(1).max(100).default(10),
});

export type SimilarRequest = z.infer<typeof similarRequest>;

export function collectionOfId(id: string): Collection {
  return id.includes("#WORD#") ? "words" : "lines";
}

export interface SimilarAnswer {
  readonly collection: Collection;
  /** By shard, the number of the generation that answered; null where nothing was published. */
  readonly generations: Readonly<Record<string, number | null>>;
  readonly of: { readonly id: string; readonly text: string; readonly metadata: VectorMetadata };
  /** By label, on how many of the hits it is VALID and INVALID. */
  readonly labels: Readonly<Record<string, { readonly valid: number; readonly invalid: number }>>;
  /** Nearest first, by cosine similarity; without the vector itself. */
  readonly hits: readonly Hit[];
}

/**
 * The nearest neighbours of a stored vector with their labels, as evidence for labelling it. Throws VectorUnknownError,
 * AnswerNotExactError, and what `useAll` throws.
 */
export async function similar(
  { id, k }: SimilarRequest,
  followed: readonly FollowedCollection[],
): Promise<SimilarAnswer> {
  const collection = collectionOfId(id);
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
      labels: labelsOf(hits),
      hits,
    };
  });
}

/** Lines of one row share a vector, so a row more than asked for makes up for the vector itself. */
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
    understood: undefined,
    minCosine: undefined,
    accepts: () => true,
  });
  return ranked.flatMap(hitsOfVectors).filter((hit) => hit.id !== id);
}

/** By label, on how many of the hits it is VALID and INVALID. */
export function labelsOf(hits: readonly Hit[]): SimilarAnswer["labels"] {
  const labels: Record<string, { valid: number; invalid: number }> = {};
  for (const { metadata } of hits) {
    for (const [key, value] of Object.entries(metadata)) {
      if (!key.startsWith(labelPrefix) || typeof value !== "boolean") continue;
      const name = key.slice(labelPrefix.length);
      labels[name] ??= { valid: 0, invalid: 0 };
      labels[name][value ? "valid" : "invalid"] += 1;
    }
  }
  return Object.fromEntries(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1)));
}
