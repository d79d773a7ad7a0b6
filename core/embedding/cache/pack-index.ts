import { inParallel } from "../../resilience/in-parallel.ts";
import { type CacheSpace, prefixOf } from "./cache-space.ts";
import { digestsIn, type PackShape, shapeOf, shortDigestLength } from "./pack.ts";

/** What the cache needs of its bucket. */
export interface CacheObjects {
  list(
    prefix: string,
  ): AsyncIterable<{ readonly key: string; readonly etag: string; readonly bytes: number }>;
  readRange(key: string, etag: string, first: number, last: number): Promise<Uint8Array>;
  write(key: string, body: Uint8Array, contentType: string): Promise<unknown>;
}

export interface Pack {
  readonly key: string;
  readonly etag: string;
  readonly shape: PackShape;
  /** 16 bytes per vector, in the order of the vectors. Those of corrupt ones are overwritten. */
  readonly digests: Uint8Array;
}

/** Of the digests in memory: those of four million vectors. */
const maxIndexBytes = 64 * 1024 * 1024;
/** Five requests list them. */
const maxPacks = 5_000;
/** A lookup of few texts may read this many heads beside one for each text. */
const headsBesides = 16;
const readsInFlight = 16;

/** The heads of the newest packs of one space, which a process reads once. */
export class PackIndex {
  readonly #objects: CacheObjects;
  readonly #space: CacheSpace;
  readonly #fault: (key: string) => void;
  readonly #known = new Map<string, Pack | "corrupt">();

  /** `fault` receives the key of each corrupt pack. */
  constructor(objects: CacheObjects, space: CacheSpace, fault: (key: string) => void) {
    this.#objects = objects;
    this.#space = space;
    this.#fault = fault;
  }

  /**
   * The packs that exist, newest first. Reads at most about one unknown head per text that is looked up, because a request
   * costs about as much as a text; what is further back is not found.
   */
  async packs(texts: number): Promise<Pack[]> {
    const { dimensions } = this.#space;
    const listed = new Set<string>();
    const unread: { key: string; etag: string; shape: PackShape }[] = [];
    let indexBytes = 0;
    for await (const { key, etag, bytes } of this.#objects.list(prefixOf(this.#space))) {
      const shape = shapeOf(bytes, dimensions);
      indexBytes += (shape?.count ?? 0) * shortDigestLength;
      if (indexBytes > maxIndexBytes || listed.size >= maxPacks) break;
      listed.add(key);
      if (this.#known.has(key)) continue;
      if (shape === undefined) this.#remember(key, undefined);
      else if (unread.length < texts + headsBesides) unread.push({ key, etag, shape });
    }
    for (const key of this.#known.keys()) if (!listed.has(key)) this.#known.delete(key);
    await inParallel(unread, readsInFlight, async ({ key, etag, shape }) => {
      const head = await this.#objects.readRange(key, etag, 0, shape.headLength - 1);
      const digests = digestsIn(head, shape, dimensions);
      this.#remember(key, digests && { key, etag, shape, digests });
    });
    return [...listed].flatMap((key) => {
      const pack = this.#known.get(key);
      return pack === undefined || pack === "corrupt" ? [] : [pack];
    });
  }

  #remember(key: string, pack: Pack | undefined): void {
    if (pack === undefined) this.#fault(key);
    this.#known.set(key, pack ?? "corrupt");
  }
}
