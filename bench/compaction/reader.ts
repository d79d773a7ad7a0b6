import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { silentMetrics } from "../../core/metrics.ts";
import { ChromaGenerations } from "../../core/search/chroma-generations.ts";
import type { OpenGeneration } from "../../core/search/generation-source.ts";
import type { OneCollection } from "./one-collection.ts";

/** What a query task takes to serve what a cycle has published. */
export interface ReaderFigures {
  readonly seconds: number;
  /** Of the deltas that the segments name. */
  readonly deltaBytes: number;
}

/**
 * A reader that follows the head. Beyond `exactVectors` it keeps a copy of the base, and of what is above it the vectors;
 * up to there it holds all vectors, as the search functions do.
 */
export class Reader {
  readonly #source: ChromaGenerations;
  readonly #scratch: string;
  #served: OpenGeneration | undefined;
  #deltaBytes = 0;

  private constructor(
    { aws, target, premises, deltas, collectionsPath }: OneCollection,
    scratch: string,
    exactVectors: number,
  ) {
    this.#scratch = scratch;
    this.#source = new ChromaGenerations({
      client: aws.dynamo,
      controlTable: aws.controlTable,
      collectionsPath,
      shard: target.collection,
      model: target.model,
      dimensions: target.dimensions,
      library: premises.library,
      scratch,
      exactVectors,
      deltas: {
        get: async (key) => {
          const bytes = await deltas.get(key);
          this.#deltaBytes += bytes.length;
          return bytes;
        },
      },
      metrics: silentMetrics,
    });
  }

  /** Serves nothing yet. */
  static async start(collection: OneCollection, exactVectors: number): Promise<Reader> {
    const scratch = await mkdtemp(join(collection.premises.folder, "reader-"));
    return new Reader(collection, scratch, exactVectors);
  }

  async follow(): Promise<ReaderFigures> {
    const head = await this.#source.head();
    if (head === undefined) throw new RangeError("Something is published.");
    this.#deltaBytes = 0;
    const began = performance.now();
    const next = await this.#source.open(head, this.#served);
    const seconds = (performance.now() - began) / 1_000;
    await this.#served?.close();
    this.#served = next;
    return { seconds, deltaBytes: this.#deltaBytes };
  }

  async stop(): Promise<void> {
    await this.#served?.close();
    await rm(this.#scratch, { recursive: true, force: true });
  }
}
