import { type ShardName, shardNames } from "../../../contract/collections.ts";
import { documentSearch, type Understood } from "../../documents/document-search.ts";
import { documentModel } from "../../documents/documents.ts";
import { shardOf } from "../../documents/shards.ts";
import type { Hit } from "../hit.ts";
import { HttpError } from "../http-error.ts";
import type { QueryVectors } from "../query-vectors.ts";
import { checkedBody } from "../request-body.ts";
import { best, type SearchAnswer } from "../search.ts";
import { VectorUnknownError } from "../search-errors.ts";
import { searchRequest } from "../search-request.ts";
import { evidenceOf, type SimilarAnswer, type SimilarRequest } from "../similar.ts";
import type { ShardEvent, ShardReply } from "./shard-event.ts";
import type { ShardNeighbours } from "./shard-search.ts";

export interface ShardsDeps {
  /** Number of shards per collection. */
  readonly collectionShards: number;
  readonly dimensions: number;
  /** Embeds query texts. */
  readonly vectors: Pick<QueryVectors, "of">;
  /** Throws ShardNotAnsweredError. */
  readonly ask: (shard: ShardName, event: ShardEvent) => Promise<ShardReply>;
}

type Asked<Answer> = readonly [ShardName, Answer | undefined];

/** Answers a request from all shards of its collection, each of which runs in its own process. */
export async function searchShards(body: unknown, deps: ShardsDeps): Promise<SearchAnswer> {
  const { collection, k, mode, text } = checkedBody(body, searchRequest(deps.dimensions));
  const vector = text === undefined || mode === "lexical" ? undefined : await deps.vectors.of(text);
  const event: ShardEvent = { search: body, ...(vector && { vector: [...vector] }) };
  const shards = shardNames(collection, deps.collectionShards);
  const asked = published(await Promise.all(shards.map((shard) => askOne<SearchAnswer>(deps, shard, event))));
  const answers = asked.flatMap(([, answer]) => answer ?? []);
  const understood = fullest(answers.flatMap((answer) => answer.understood ?? []));
  return {
    collection,
    generations: Object.fromEntries(
      asked.map(([shard, answer]) => [shard, answer?.generations[shard] ?? null]),
    ),
    ...(understood && { understood }),
    hits: best(
      answers.flatMap(({ hits }) => hits),
      k,
    ),
  };
}

/**
 * The neighbours of a stored vector in all shards. The vector's own shard reads it, and the other shards receive it
 * with the request.
 */
export async function similarShards(request: SimilarRequest, deps: ShardsDeps): Promise<SimilarAnswer> {
  const { id, k } = request;
  const collection = documentSearch.collectionOfVector(id);
  const document = documentModel.ofKey(documentModel.keyOfVector(id));
  if (document === undefined) throw new VectorUnknownError(id);
  const own = shardOf(collection, documentModel.shardKeyOf(document), deps.collectionShards);
  const [[, first]] = published([await askOne<ShardNeighbours>(deps, own, { similar: request })]);
  if (first?.of === undefined) throw new TypeError(`Shard ${own} did not say what ${id} is.`);
  const { vector, ...of } = first.of;
  const others = shardNames(collection, deps.collectionShards).filter((shard) => shard !== own);
  const event: ShardEvent = { similar: request, vector: [...vector] };
  const more = await Promise.all(others.map((shard) => askOne<ShardNeighbours>(deps, shard, event)));
  const all = published([[own, first], ...more]);
  const hits: readonly Hit[] = best(
    all.flatMap(([, answer]) => answer?.hits ?? []),
    k,
  );
  return {
    collection,
    generations: Object.fromEntries(all.map(([shard, answer]) => [shard, answer?.generation ?? null])),
    of,
    ...evidenceOf(hits),
    hits,
  };
}

/** The understanding with the most entries, because shards know different names. */
function fullest([first, ...others]: readonly Understood[]): Understood | undefined {
  return others.reduce(
    (most, each) => (Object.keys(each).length > Object.keys(most ?? {}).length ? each : most),
    first,
  );
}

/** Resolves to an error if nothing is published in the shard. */
async function askOne<Answer>(
  { ask }: ShardsDeps,
  shard: ShardName,
  event: ShardEvent,
): Promise<readonly [ShardName, Answer | HttpError]> {
  const reply = await ask(shard, event);
  // Not validated: all functions of a deployment have the same answer format.
  if ("answer" in reply) return [shard, reply.answer as Answer];
  const { status, code, message, problems } = reply.refused;
  const refused = new HttpError(status, code, message, { problems });
  if (code === "nothing_published") return [shard, refused];
  throw refused;
}

/** Unpublished shards have no hits. If no shard is published, the request has no answer. */
function published<Answer>(
  asked: readonly (readonly [ShardName, Answer | HttpError])[],
): [Asked<Answer>, ...Asked<Answer>[]] {
  const known = asked.map(
    ([shard, answer]): Asked<Answer> => [shard, answer instanceof HttpError ? undefined : answer],
  );
  const [first, ...others] = known;
  const refused = asked.map(([, answer]) => answer).find((answer) => answer instanceof HttpError);
  if (first === undefined || (refused && known.every(([, answer]) => answer === undefined))) {
    throw refused ?? new RangeError("A collection has at least one shard.");
  }
  return [first, ...others];
}
