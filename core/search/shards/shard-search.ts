import { collectionOf } from "../../../contract/collections.ts";
import type { Clock } from "../../resilience/clock.ts";
import type { FollowedCollection } from "../followed-collection.ts";
import type { Hit } from "../hit.ts";
import { HttpError } from "../http-error.ts";
import { checkedBody } from "../request-body.ts";
import { type SearchAnswer, search } from "../search.ts";
import { AnswerNotExactError, VectorUnknownError } from "../search-errors.ts";
import { isUnforeseen, problemOf } from "../search-problem.ts";
import { searchRequest } from "../search-request.ts";
import { neighboursOf, type SimilarAnswer } from "../similar.ts";
import type { ShardEvent, ShardReply } from "./shard-event.ts";

/** Maximum time that a request waits for a newer generation if an older one can answer it. */
const maxWaitMs = 1_500;

/** Neighbours within one shard. */
export interface ShardNeighbours {
  readonly generation: number;
  /** Absent if the vector came with the request. */
  readonly of?: SimilarAnswer["of"] & { readonly vector: readonly number[] };
  readonly hits: readonly Hit[];
}

/** Searches one shard in a process that is frozen between invocations, so each invocation first polls the head. */
export class ShardSearch {
  readonly #followed: FollowedCollection;
  readonly #minCosine: number;
  readonly #request: ReturnType<typeof searchRequest>;
  readonly #clock: Clock;
  #look: Promise<void> | undefined;
  #nextLook: Promise<void> | undefined;

  constructor(
    followed: FollowedCollection,
    {
      dimensions,
      minCosine,
      clock,
    }: { readonly dimensions: number; readonly minCosine: number; readonly clock: Clock },
  ) {
    this.#followed = followed;
    this.#minCosine = minCosine;
    this.#clock = clock;
    this.#request = searchRequest(dimensions);
  }

  /** Rejects only with errors that the request did not cause. */
  async answer(event: ShardEvent): Promise<ShardReply> {
    try {
      await this.#newest();
      const answer =
        "similar" in event ? await this.#similar(event) : await this.#search(event.search, event.vector);
      return { answer };
    } catch (error) {
      const problem = problemOf(error);
      if (isUnforeseen(problem)) throw error;
      const { status, code, message, problems } = problem;
      return { refused: { status, code, message, problems: [...problems] } };
    }
  }

  /**
   * Makes sure that the newest head is served, or waits for at most 1.5 s while an older one is; opening a large base
   * continues during later requests. Throws if this stack cannot open the head's generation, because every answer would
   * be stale.
   */
  async #newest(): Promise<void> {
    const looked = this.#looked();
    if (this.#followed.state === "serving") {
      const waiting = new AbortController();
      const late = this.#clock.sleep(maxWaitMs, waiting.signal).catch(() => undefined);
      await Promise.race([looked, late]);
      waiting.abort();
    } else {
      await looked;
    }
    if (this.#followed.refusal) throw this.#followed.refusal;
  }

  /** A poll in progress may have read the head before this request arrived, so it is followed by another one. */
  #looked(): Promise<void> {
    if (this.#look === undefined) {
      this.#look = this.#followed.poll().finally(() => {
        this.#look = undefined;
      });
      return this.#look;
    }
    this.#nextLook ??= this.#look.then(() => {
      this.#nextLook = undefined;
      return this.#looked();
    });
    return this.#nextLook;
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
