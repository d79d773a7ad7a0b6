import { randomUUID } from "node:crypto";
import { errorFields, type Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import { batchesOf } from "../../resilience/batch.ts";
import type { Clock } from "../../resilience/clock.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import type { VectorBytes } from "../embedder.ts";
import { type CacheSpace, digestOf, prefixOf } from "./cache-space.ts";
import { findInPacks, forget, type Hit } from "./find-in-packs.ts";
import { encodePack, vectorIn } from "./pack.ts";
import { type CacheObjects, PackIndex } from "./pack-index.ts";
import { type Run, runsOf } from "./runs.ts";

export interface EmbeddingCacheDeps {
  readonly objects: CacheObjects;
  readonly clock: Pick<Clock, "now">;
  readonly metrics: Metrics;
  readonly log: Log;
}

const maxPackBytes = 32 * 1024 * 1024;
const readsInFlight = 4;
/** Later than any time of a clock. */
const endOfTime = 10_000_000_000_000;

/**
 * Vectors of texts that the stack has paid for, in S3, for all tasks and for later ones. A cache may forget, so whatever is
 * missing, corrupt or unreachable is embedded again; it never fails its caller. Packs are written once and never change:
 * processes that add one text at once have paid twice, and either vector is right.
 */
export class EmbeddingCache {
  readonly #deps: EmbeddingCacheDeps;
  readonly #indexes = new Map<string, PackIndex>();

  constructor(deps: EmbeddingCacheDeps) {
    this.#deps = deps;
  }

  /** The known vectors of these texts. */
  async find(texts: Iterable<string>, space: CacheSpace): Promise<Map<string, VectorBytes>> {
    const found = new Map<string, VectorBytes>();
    await this.#orForget("read", async () => {
      const wanted = digestsOf(texts, space);
      const packs = await this.#index(space).packs(wanted.size);
      await inParallel(runsOf(findInPacks(packs, wanted)), readsInFlight, async (run) => {
        for (const [text, vector] of await this.#read(run)) found.set(text, vector);
      });
    });
    return found;
  }

  /** Keeps the vectors that the cache does not have. */
  async keep(vectors: ReadonlyMap<string, VectorBytes>, space: CacheSpace): Promise<void> {
    if (vectors.size === 0) return;
    await this.#orForget("written", async () => {
      const wanted = digestsOf(vectors.keys(), space);
      const packs = await this.#index(space).packs(wanted.size);
      const known = new Set(findInPacks(packs, wanted).map(({ text }) => text));
      const missing = [...vectors].filter(([text]) => !known.has(text));
      const limits = { maxCount: Number.POSITIVE_INFINITY, maxBytes: maxPackBytes };
      const bytesOf = ([, vector]: [string, VectorBytes]) => vector.length;
      for (const some of batchesOf(missing, { ...limits, bytesOf })) {
        await this.#deps.objects.write(
          this.#newKey(space),
          encodePack(new Map(some), space),
          "application/octet-stream",
        );
      }
    });
  }

  /** Newer packs are listed first. */
  #newKey(space: CacheSpace): string {
    return `${prefixOf(space)}${endOfTime - this.#deps.clock.now()}-${randomUUID()}`;
  }

  async #read({ pack, first, last, hits }: Run): Promise<[string, VectorBytes][]> {
    const { headLength, entryLength } = pack.shape;
    const bytes = await this.#deps.objects.readRange(
      pack.key,
      pack.etag,
      headLength + first * entryLength,
      headLength + (last + 1) * entryLength - 1,
    );
    return hits.flatMap(({ text, digest, position }): [string, VectorBytes][] => {
      const at = (position - first) * entryLength;
      const vector = vectorIn(bytes.subarray(at, at + entryLength), digest);
      if (vector !== undefined) return [[text, vector]];
      this.#fault(pack.key);
      forget(pack, position);
      return [];
    });
  }

  #index(space: CacheSpace): PackIndex {
    const prefix = prefixOf(space);
    const known = this.#indexes.get(prefix);
    if (known) return known;
    const index = new PackIndex(this.#deps.objects, space, (key) => this.#fault(key));
    this.#indexes.set(prefix, index);
    return index;
  }

  #fault(key: string): void {
    this.#deps.metrics.count("EmbeddingCacheFaults", 1);
    this.#deps.log.warn("The embedding cache has a corrupt pack", { key });
  }

  async #orForget(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#deps.metrics.count("EmbeddingCacheFaults", 1);
      this.#deps.log.warn(`The embedding cache cannot be ${what}`, errorFields(error));
    }
  }
}

function digestsOf(texts: Iterable<string>, space: CacheSpace): Map<string, Hit["digest"]> {
  return new Map(Array.from(texts, (text) => [text, digestOf(text, space)]));
}
