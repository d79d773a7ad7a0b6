import { collectionOf, type ShardName } from "../../contract/collections.ts";
import type { NeighbourQuery, StoredVector } from "../collections/chroma/vector-store.ts";
import type { Log } from "../log.ts";
import type { Clock } from "../resilience/clock.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import type { Searchable } from "../search/generation-source.ts";
import { neighboursOver } from "../search/overlay-neighbours.ts";
import { hitsOf } from "../search/search.ts";
import { ShardTooLargeError } from "../search/search-errors.ts";
import { searchRequest } from "../search/search-request.ts";
import { isExact, readSnapshot } from "../search/snapshot/read-snapshot.ts";
import { type HeadGeneration, type PublishedDeps, withHeadGeneration } from "../verify/published.ts";
import { hitsAsked, notFoundWhy } from "./found.ts";
import { type FindableReport, maxMissed } from "./report.ts";
import { drawn, type Sample } from "./sample.ts";

export interface FindableDeps extends PublishedDeps {
  readonly clock: Clock;
  readonly log: Log;
}

export interface FindableOptions {
  readonly sample: Sample;
  /** Shards up to this number of vectors are compared exactly; larger ones use Chroma's index. */
  readonly exactVectors: number;
  /** A search rejects larger shards. @default no limit */
  readonly maxVectors?: number | undefined;
  /** The value of `next` in the previous report; undefined to begin. */
  readonly after?: string | undefined;
  /** Time (of the clock) by which the invocation must end. */
  readonly deadline: number;
}

/** Share of an invocation's time that is used. The rest is reserved for a page that takes longer than expected. */
const planned = 0.9;
const idsPerPage = 100;
const requestsAtOnce = 4;
const missedLogged = 20;

/**
 * Searches a shard's published generation for its own vectors, with the code that serves searches. If time runs out,
 * the report names the id to continue after. Only reads. Throws GenerationCorruptError, CollectionOfOtherModelError and
 * ShardTooLargeError.
 */
export function askShard(deps: FindableDeps, options: FindableOptions): Promise<FindableReport> {
  const began = deps.clock.now();
  return withHeadGeneration(deps, async (open) => {
    const { maxVectors = Number.POSITIVE_INFINITY } = options;
    if (open && open.count > maxVectors) throw new ShardTooLargeError(open.head.name, open.count, maxVectors);
    const answers = open === undefined ? nothingAsked : await ask(deps, open, options, began);
    const { exactVectors } = options;
    const report: FindableReport = {
      shard: deps.shard,
      generation: open?.head.name ?? null,
      exact: isExact(open?.count ?? 0, exactVectors),
      exact_vectors: exactVectors,
      vectors: open?.count ?? 0,
      asked: answers.asked,
      found: answers.asked - answers.notFound,
      not_found: answers.notFound,
      missed: answers.missed,
      seconds: Math.round((deps.clock.now() - began) / 100) / 10,
      next: answers.next,
    };
    tell(deps.log, report);
    return report;
  });
}

interface Answers {
  readonly asked: number;
  readonly notFound: number;
  readonly missed: FindableReport["missed"];
  readonly next: string | null;
}

const nothingAsked: Answers = { asked: 0, notFound: 0, missed: [], next: null };

async function ask(
  { shard, target, clock }: FindableDeps,
  { store, count }: HeadGeneration,
  { sample, exactVectors, after, deadline }: FindableOptions,
  began: number,
): Promise<Answers> {
  const endsAt = began + planned * (deadline - began);
  const ids: string[] = [];
  for await (const page of store.pages()) ids.push(...page.map(({ id }) => id));
  const snapshot = isExact(count, exactVectors) ? await readSnapshot(store, target.dimensions) : undefined;
  const overlay = snapshot ? new Map() : await store.overlayVectors();
  const query = (asked: NeighbourQuery) => neighboursOver((of) => store.queryBase(of), overlay, asked);
  const askOne = asker({ snapshot, query }, shard, target.dimensions);
  const left = drawn(ids, sample, after);
  const missed: { id: string; why: string }[] = [];
  let notFound = 0;
  let asked = 0;
  while (asked < left.length && (asked === 0 || clock.now() < endsAt)) {
    const page = left.slice(asked, asked + idsPerPage);
    const stored = new Map((await store.read(page)).map((vector) => [vector.id, vector]));
    const whys = new Map<string, string>();
    await inParallel(page, requestsAtOnce, async (id) => {
      const why = await askOne(id, stored.get(id));
      if (why !== undefined) whys.set(id, why);
    });
    notFound += whys.size;
    // In the order of the page, because answers arrive in any order.
    const named = page.flatMap((id) => {
      const why = whys.get(id);
      return why === undefined ? [] : [{ id, why }];
    });
    missed.push(...named.slice(0, maxMissed - missed.length));
    asked += page.length;
  }
  return { asked, notFound, missed, next: asked < left.length ? (left[asked - 1] ?? null) : null };
}

/**
 * Returns a function that searches by a vector's numbers, as a caller would. It resolves to the reason why the vector
 * is not found, or undefined if it is.
 */
function asker(searchable: Searchable, shard: ShardName, dimensions: number) {
  const schema = searchRequest(dimensions);
  return async (id: string, stored: StoredVector | undefined): Promise<string | undefined> => {
    if (stored === undefined) return "its id is listed, but it cannot be read";
    const request = schema.safeParse({
      collection: collectionOf(shard),
      vector: [...stored.vector],
      k: hitsAsked,
      mode: "dense",
    });
    if (!request.success) return `a search rejects its numbers: ${request.error.issues[0]?.message}`;
    return notFoundWhy(id, await hitsOf(searchable, request.data, request.data.vector, 0));
  };
}

/** Also logs the result, because the log outlives the caller's terminal. */
function tell(
  log: Log,
  { shard, generation, missed, vectors, asked, found, not_found }: FindableReport,
): void {
  const counts = { vectors, asked, found, not_found };
  log.info("Vectors searched by their own numbers", { shard, generation_name: generation, ...counts });
  for (const { id, why } of missed.slice(0, missedLogged)) {
    log.warn("A vector is not found by its own numbers", { shard, vector_id: id, reason: why });
  }
}
