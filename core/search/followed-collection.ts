import { collectionOf, type ShardName } from "../../contract/collections.ts";
import { errorFields, type Log } from "../log.ts";
import { exponentialMs } from "../resilience/backoff.ts";
import { type Clock, monotonicClock } from "../resilience/clock.ts";
import type { GenerationSource, OpenGeneration, PublishedGeneration } from "./generation-source.ts";
import {
  type GenerationRefusal,
  isRefusal,
  NothingPublishedError,
  NotOpenYetError,
} from "./search-errors.ts";

/**
 * `serving`: a generation is open. `empty`: a poll found that nothing was published, and no generation has been opened
 * since. `opening`: the head is unknown, or known and not open yet.
 */
export type ServingState = "opening" | "empty" | "serving";

export interface CollectionHealth {
  readonly state: ServingState;
  /** Number of the served generation, and its vector count. */
  readonly generation: number | null;
  readonly count: number | null;
  /** Number of the newest published generation that was seen. */
  readonly head_generation: number | null;
  /** Number of generations between the served one and the head; 0 if up to date. */
  readonly lag_generations: number;
  /** Seconds for which the head has been ahead of the served generation; 0 if up to date. */
  readonly lag_seconds: number;
  /** The reason why the last poll of the head, or opening its generation, failed. */
  readonly problem: string | null;
}

interface Served {
  readonly generation: OpenGeneration;
  requests: number;
  retired: boolean;
}

const reopening = { firstMs: 1_000, maxMs: 60_000 };
/** Publishes come in bursts, so the poll interval is shorter for a while after the head has moved. */
const moving = { forMs: 10_000, pollMs: 250 };

/**
 * Serves the published generation of one shard and swaps to the next one without failing a request: requests finish on
 * the generation on which they began, which is closed after the last of them. If a head cannot be opened, the previous
 * generation stays in service.
 */
export class FollowedCollection {
  readonly shard: ShardName;
  readonly #source: GenerationSource;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #closing = new Set<Promise<void>>();
  #served: Served | undefined;
  #head: PublishedGeneration | undefined;
  #movedAt = Number.NEGATIVE_INFINITY;
  #headSeen = false;
  #sawNothing = false;
  #behindSince: number | undefined;
  #problem: string | undefined;
  #refused: { name: string; times: number; retryAt: number; error: unknown } | undefined;

  constructor(shard: ShardName, source: GenerationSource, log: Log, clock: Clock = monotonicClock) {
    this.shard = shard;
    this.#source = source;
    this.#log = log;
    this.#clock = clock;
  }

  /** Polls the head every `intervalMs`, and more often while it moves, until the signal aborts. Never rejects. */
  async follow(intervalMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.poll();
      const isMoving = this.#clock.now() < this.#movedAt + moving.forMs;
      const waitMs = isMoving ? Math.min(intervalMs, moving.pollMs) : intervalMs;
      await this.#clock.sleep(waitMs, signal).catch(() => undefined);
    }
  }

  /**
   * Polls the head once and swaps generations if it moved. Never rejects: failures are logged and shown by `health`.
   */
  async poll(): Promise<void> {
    const before = this.#head?.name;
    try {
      this.#head = await this.#source.head();
    } catch (error) {
      this.#report("The head could not be read", error);
      return;
    }
    this.#headSeen = true;
    if (this.#head?.name !== before) this.#movedAt = this.#clock.now();
    this.#sawNothing ||= this.#head === undefined;
    if (this.#head === undefined || this.#isServing(this.#head)) {
      this.#behindSince = undefined;
      this.#problem = undefined;
      this.#refused = undefined;
      return;
    }
    this.#behindSince ??= this.#clock.now();
    if (!this.#mayTry(this.#head)) return;
    await this.#swapTo(this.#head);
  }

  /**
   * Runs the work on the generation that is served now, and keeps that generation open until the work ends. Throws
   * NothingPublishedError and NotOpenYetError.
   */
  async use<T>(work: (generation: OpenGeneration) => Promise<T>): Promise<T> {
    const served = this.#served;
    if (served === undefined) {
      throw this.#headSeen && this.#head === undefined
        ? new NothingPublishedError(collectionOf(this.shard))
        : new NotOpenYetError(this.shard, this.#problem);
    }
    served.requests += 1;
    try {
      return await work(served.generation);
    } finally {
      served.requests -= 1;
      this.#closeWhenIdle(served);
    }
  }

  get state(): ServingState {
    if (this.#served !== undefined) return "serving";
    return this.#sawNothing ? "empty" : "opening";
  }

  /** The reason why the newest head can never be served by this stack; the served generation then becomes stale. */
  get refusal(): GenerationRefusal | undefined {
    const error = this.#refused?.name === this.#head?.name ? this.#refused?.error : undefined;
    return isRefusal(error) ? error : undefined;
  }

  health(): CollectionHealth {
    const served = this.#served?.generation;
    const behindSince = this.#behindSince;
    return {
      state: this.state,
      generation: served?.number ?? null,
      count: served?.count ?? null,
      head_generation: this.#head?.number ?? null,
      lag_generations: Math.max(0, (this.#head?.number ?? 0) - (served?.number ?? 0)),
      lag_seconds: behindSince === undefined ? 0 : Math.round((this.#clock.now() - behindSince) / 100) / 10,
      problem: this.#problem ?? null,
    };
  }

  /** Call this after the last request and after `follow` has ended. */
  async close(): Promise<void> {
    this.#retire(this.#served);
    this.#served = undefined;
    await Promise.all(this.#closing);
  }

  #isServing(head: PublishedGeneration): boolean {
    const served = this.#served?.generation;
    return served?.name === head.name && served.alive();
  }

  #mayTry(head: PublishedGeneration): boolean {
    return this.#refused?.name !== head.name || this.#clock.now() >= this.#refused.retryAt;
  }

  async #swapTo(head: PublishedGeneration): Promise<void> {
    const from = this.#served?.generation.number ?? null;
    let generation: OpenGeneration;
    try {
      generation = await this.#source.open(head, this.#served?.generation);
    } catch (error) {
      const times = this.#refused?.name === head.name ? this.#refused.times + 1 : 1;
      const waitMs = exponentialMs(reopening, times);
      this.#refused = { name: head.name, times, retryAt: this.#clock.now() + waitMs, error };
      this.#report(`Generation ${head.name} could not be opened`, error);
      return;
    }
    const previous = this.#served;
    this.#served = { generation, requests: 0, retired: false };
    this.#behindSince = undefined;
    this.#problem = undefined;
    this.#refused = undefined;
    this.#retire(previous);
    this.#log.info("Serving a generation", {
      shard: this.shard,
      generation: generation.number,
      generation_name: generation.name,
      vectors: generation.count,
      previous_generation: from,
    });
  }

  #retire(served: Served | undefined): void {
    if (served === undefined) return;
    served.retired = true;
    this.#closeWhenIdle(served);
  }

  #closeWhenIdle(served: Served): void {
    if (!served.retired || served.requests > 0) return;
    const closing = served.generation
      .close()
      .catch((error: unknown) =>
        this.#log.warn("An old generation did not close cleanly", {
          shard: this.shard,
          generation_name: served.generation.name,
          ...errorFields(error),
        }),
      )
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #report(what: string, error: unknown): void {
    this.#problem = `${what}: ${reasonOf(error)}`;
    this.#log.error(what, {
      shard: this.shard,
      generation_name: this.#served?.generation.name ?? null,
      ...errorFields(error),
    });
  }
}

/**
 * Runs the work on the generations that these shards serve now, and keeps them open until it ends. Throws the errors of
 * `use` before the work begins.
 */
export function useAll<T>(
  [first, ...others]: readonly FollowedCollection[],
  work: (generations: ReadonlyMap<ShardName, OpenGeneration>) => Promise<T>,
): Promise<T> {
  if (first === undefined) return work(new Map());
  return first.use((generation) =>
    useAll(others, (generations) => work(new Map([[first.shard, generation], ...generations]))),
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
