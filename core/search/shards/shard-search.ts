import { setTimeout as sleep } from "node:timers/promises";
import { collectionOf } from "../../../contract/collections.ts";
import type { FollowedCollection } from "../followed-collection.ts";
import type { Hit } from "../hit.ts";
import { HttpError } from "../http-error.ts";
import { checkedBody } from "../request-body.ts";
import { type SearchAnswer, search } from "../search.ts";
import { AnswerNotExactError, VectorUnknownError } from "../search-errors.ts";
import { problemOf } from "../search-problem.ts";
import { searchRequest } from "../search-request.ts";
import { neighboursOf, type SimilarAnswer } from "../similar.ts";
import type { ShardEvent, ShardReply } from "./shard-event.ts";

/** A request waits so long for a newer generation where an older one can answer it. */
const maxWaitMs = 1_500;

/** Neighbours within one shard. */
export interface ShardNeighbours {
  readonly generation: number;
  /** Absent where the vector came with the request. */
  readonly of?: SimilarAnswer["of"] & { readonly vector: readonly number[] };
  readonly hits: readonly Hit[];
}

/** Searches one shard in a process that is frozen between invocations: each looks at the head first. */
export class ShardSearch {
  readonly #followed: FollowedCollection;
  readonly #minCosine: number;
  readonly #request: ReturnType<typeof searchRequest>;
  #poll: Promise<void> | undefined;

  constructor(followed: FollowedCollection, dimensions: number, minCosine: number) {
    this.#followed = followed;
    this.#minCosine = minCosine;
    this.#request = searchRequest(dimensions);
  }

  /** Rejects only with what is not the fault of the request. */
  async answer(event: ShardEvent): Promise<ShardReply> {
    await this.#newest();
    try {
      const answer =
        "similar" in event ? await this.#similar(event) : await this.#search(event.search, event.vector);
      return { answer };
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 500) throw error;
      const { status, code, message, problems } = problem;
      return { refused: { status, code, message, problems: [...problems] } };
    }
  }

  /** The head is taken up before the answer; a base that takes long to open is awaited by later requests. */
  async #newest(): Promise<void> {
    this.#poll ??= this.#followed.poll().finally(() => {
      this.#poll = undefined;
    });
    if (this.#followed.state !== "serving") return this.#poll;
    const waiting = new AbortController();
    const late = sleep(maxWaitMs, undefined, { signal: waiting.signal }).catch(() => undefined);
    await Promise.race([this.#poll, late]);
    waiting.abort();
  }

  #search(body: unknown, vector: readonly number[] | undefined): Promise<SearchAnswer> {
    const request = checkedBody(body, this.#request);
    if (request.collection !== collectionOf(this.#followed.shard)) {
      throw new HttpError(400, "invalid_request", `${this.#followed.shard} has no ${request.collection}.`);
    }
    const vectors = { of: async () => vector ?? [] };
    return search(request, [this.#followed], vectors, this.#minCosine);
  }

  #similar({
    similar: { id, k },
    vector,
  }: Extract<ShardEvent, { similar: unknown }>): Promise<ShardNeighbours> {
    return this.#followed.use(async ({ snapshot, name, number }) => {
      if (snapshot === undefined) throw new AnswerNotExactError("similar", name);
      if (vector !== undefined) {
        const hits = await neighboursOf({ id, vector: Float32Array.from(vector) }, snapshot, k);
        return { generation: number, hits };
      }
      const stored = snapshot.vector(id);
      if (stored === undefined) throw new VectorUnknownError(id);
      const { document: text, metadata } = stored;
      const of = { id, text, metadata, vector: [...stored.vector] };
      return { generation: number, of, hits: await neighboursOf(stored, snapshot, k) };
    });
  }
}
