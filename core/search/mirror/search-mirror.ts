import { type ShardName, shardNames } from "../../../contract/collections.ts";
import type { Neighbour } from "../../collections/chroma/vector-store.ts";
import { documentSearch } from "../../documents/document-search.ts";
import { documentModel } from "../../documents/documents.ts";
import { shardOf } from "../../documents/shards.ts";
import { type Hit, hitOfNeighbour } from "../hit.ts";
import { neighbourFilter } from "../neighbour-filter.ts";
import type { QueryVectors } from "../query-vectors.ts";
import { best, type SearchAnswer } from "../search.ts";
import { NothingPublishedError, VectorUnknownError } from "../search-errors.ts";
import { evidenceOf, type SimilarAnswer, type SimilarRequest } from "../similar.ts";
import { mirrorRequest } from "./mirror-request.ts";
import type { MirroredShard } from "./mirrored-shard.ts";

export interface MirrorSearchDeps {
  /** Number of shards per collection. */
  readonly collectionShards: number;
  readonly dimensions: number;
  /** Embeds query texts. */
  readonly vectors: Pick<QueryVectors, "of">;
  readonly mirrorOf: (shard: ShardName) => MirroredShard;
}

/** How the mirror has answered, as it is less than a snapshot's answer. */
const ofMirror = { backend: "s3vectors", mode: "dense", exact: false } as const;

export type MirrorAnswer<Answer> = Answer & typeof ofMirror;

interface Mirrored {
  readonly shard: ShardName;
  readonly mirror: MirroredShard;
  readonly generation: number | undefined;
}

/** Answers a search from the mirrors of all shards of its collection: by vectors alone, and approximately. */
export async function searchMirror(
  body: unknown,
  deps: MirrorSearchDeps,
): Promise<MirrorAnswer<SearchAnswer>> {
  const request = mirrorRequest(body, deps.dimensions);
  const { collection, k, text } = request;
  const filter = neighbourFilter(request);
  const vector = request.vector ?? (await deps.vectors.of(text ?? ""));
  // Before the queries, so that each contains at least the generation that the answer names.
  const mirrored = await mirroredOf(deps, shardNames(collection, deps.collectionShards));
  const found = await neighboursIn(mirrored, { vector, k, filter });
  return {
    collection,
    ...ofMirror,
    generations: generationsOf(mirrored),
    hits: best(found.map(hitOf), k),
  };
}

/** The neighbours of a vector of the mirror. Throws VectorUnknownError. */
export async function similarInMirror(
  { id, k }: SimilarRequest,
  deps: MirrorSearchDeps,
): Promise<MirrorAnswer<SimilarAnswer>> {
  const collection = documentSearch.collectionOfVector(id);
  const document = documentModel.ofKey(documentModel.keyOfVector(id));
  if (document === undefined) throw new VectorUnknownError(id);
  const mirrored = await mirroredOf(deps, shardNames(collection, deps.collectionShards));
  const own = shardOf(collection, documentModel.shardKeyOf(document), deps.collectionShards);
  const stored = await deps.mirrorOf(own).find(id);
  if (stored === undefined) throw new VectorUnknownError(id);
  const { vector, document: text, metadata } = stored;
  // The vector is its own nearest neighbour.
  const found = await neighboursIn(mirrored, { vector: [...vector], k: Math.min(maxK, k + 1), filter: [] });
  const hits = best(found.filter((neighbour) => neighbour.id !== id).map(hitOf), k);
  return {
    collection,
    ...ofMirror,
    generations: generationsOf(mirrored),
    of: { id, text, metadata },
    ...evidenceOf(hits),
    hits,
  };
}

/** The maximum of S3 Vectors. */
const maxK = 100;

async function mirroredOf(deps: MirrorSearchDeps, shards: readonly ShardName[]): Promise<Mirrored[]> {
  const mirrored = await Promise.all(
    shards.map(async (shard): Promise<Mirrored> => {
      const mirror = deps.mirrorOf(shard);
      return { shard, mirror, generation: await mirror.generation() };
    }),
  );
  if (mirrored.some(({ generation }) => generation !== undefined)) return mirrored;
  throw new NothingPublishedError(mirrored[0]?.shard.startsWith("words") ? "words" : "lines");
}

async function neighboursIn(
  mirrored: readonly Mirrored[],
  query: Parameters<MirroredShard["query"]>[0],
): Promise<Neighbour[]> {
  const known = mirrored.filter(({ generation }) => generation !== undefined);
  return (await Promise.all(known.map(({ mirror }) => mirror.query(query)))).flat();
}

function generationsOf(mirrored: readonly Mirrored[]): Record<string, number | null> {
  return Object.fromEntries(mirrored.map(({ shard, generation }) => [shard, generation ?? null]));
}

function hitOf(neighbour: Neighbour): Hit {
  return { ...hitOfNeighbour(neighbour), ...documentSearch.shownOf(neighbour.metadata, undefined) };
}
