import { type Collection, collectionOf } from "../../contract/collections.ts";
import { documentSearch, type Understood } from "../documents/document-search.ts";
import { type FollowedCollection, useAll } from "./followed-collection.ts";
import type { Searchable } from "./generation-source.ts";
import { type Hit, hitOfNeighbour, hitOfRow, hitsOfVectors } from "./hit.ts";
import { hitFilter, neighbourFilter } from "./neighbour-filter.ts";
import type { QueryVectors } from "./query-vectors.ts";
import { AnswerNotExactError } from "./search-errors.ts";
import type { SearchRequest } from "./search-request.ts";
import { rank } from "./snapshot/rank.ts";
import type { Snapshot } from "./snapshot/snapshot.ts";

export interface SearchAnswer {
  readonly collection: Collection;
  /** The number of the generation that answered, by shard; null if nothing was published. */
  readonly generations: Readonly<Record<string, number | null>>;
  /** The conditions found in the text; absent if there are none. */
  readonly understood?: Understood;
  /** Best first; equal scores by id. */
  readonly hits: readonly Hit[];
}

/**
 * Answers a request from the generations that the shards of its collection serve now. A shard in which nothing is
 * published has no hits. A shard that is not open fails the request, because it could have hits.
 */
export async function search(
  request: SearchRequest,
  followed: readonly FollowedCollection[],
  vectors: Pick<QueryVectors, "of">,
  minCosine: number,
): Promise<SearchAnswer> {
  const { collection, k, text = "" } = request;
  const shards = followed.filter(({ shard }) => collectionOf(shard) === collection);
  const published = shards.filter(({ state }) => state !== "empty");
  return useAll(published.length > 0 ? published : shards, async (generations) => {
    const open = [...generations.values()];
    const approximate = open.find(({ snapshot }) => snapshot === undefined);
    if (request.where !== undefined && approximate) throw new AnswerNotExactError("where", approximate.name);
    // Comparing letters in memory needs no vector, and therefore no embedding provider.
    const lettersOnly = request.mode === "lexical" && open.every(({ snapshot }) => snapshot !== undefined);
    const vector = request.vector ?? (lettersOnly ? undefined : await vectors.of(text));
    const found = await Promise.all(open.map((generation) => hitsOf(generation, request, vector, minCosine)));
    const hits = best(found.flat(), k);
    const understood = shownUnderstanding(request, hits);
    return {
      collection,
      generations: Object.fromEntries(
        shards.map(({ shard }) => [shard, generations.get(shard)?.number ?? null]),
      ),
      ...(understood && { understood }),
      hits,
    };
  });
}

/**
 * The hits of one generation, best first. `minCosine` applies only to text queries; a query by vector is ranked by
 * cosine alone.
 */
export async function hitsOf(
  generation: Searchable,
  request: SearchRequest,
  vector: readonly number[] | undefined,
  minCosine: number,
): Promise<Hit[]> {
  if (generation.snapshot) return hitsOfSnapshot(generation.snapshot, request, vector, minCosine);
  const query = { vector: vector ?? [], k: request.k, filter: neighbourFilter(request) };
  return (await generation.query(query)).map(hitOfNeighbour);
}

async function hitsOfSnapshot(
  snapshot: Snapshot,
  request: SearchRequest,
  vector: readonly number[] | undefined,
  minCosine: number,
): Promise<Hit[]> {
  const { text, k, group } = request;
  const { isFiltered, accepts } = hitFilter(request);
  const ranked = await rank(snapshot, {
    text: text ?? "",
    vector,
    mode: text === undefined ? "dense" : request.mode,
    k,
    question: text !== undefined && request.understand ? documentSearch.understand(text) : undefined,
    // A filter already expresses what is relevant, so the cosine limit does not apply.
    minCosine: isFiltered ? undefined : minCosine,
    terms: neighbourFilter(request),
    accepts: (row, head) => row.vectors.some(({ metadata }) => accepts({ metadata, row, head })),
  });
  if (group === "row") {
    return ranked.map((each) =>
      hitOfRow(each, text ?? "", (metadata) => accepts({ row: each.row, head: each.head, metadata })),
    );
  }
  return ranked
    .flatMap((each) => hitsOfVectors(each).filter(({ metadata }) => accepts({ ...each, metadata })))
    .slice(0, k);
}

function shownUnderstanding(
  { text, understand: wanted, mode }: SearchRequest,
  hits: readonly Hit[],
): Understood | undefined {
  if (text === undefined || !wanted || mode === "dense") return undefined;
  const matched = new Set(hits.flatMap(({ found_by }) => found_by?.matched ?? []));
  const shown = documentSearch.understoodIn(documentSearch.understand(text), matched);
  return Object.keys(shown).length > 0 ? shown : undefined;
}

/** Best first; equal scores by id. */
export function best(hits: readonly Hit[], k: number): Hit[] {
  return hits.toSorted((one, other) => other.score - one.score || (one.id < other.id ? -1 : 1)).slice(0, k);
}
