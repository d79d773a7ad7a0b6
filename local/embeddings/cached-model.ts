import type { Embedded } from "./model-pool.ts";
import { VectorCache } from "./vector-cache.ts";

/** What embeds short texts: ModelPool. */
export interface Model {
  embed(texts: readonly string[]): Promise<Embedded[]>;
}

const cachedVectors = 20_000;

/** A model of which each text is asked once, as long as its vector is kept. */
export class CachedModel implements Model {
  readonly #model: Model;
  readonly #vectors = new VectorCache(cachedVectors);

  constructor(model: Model) {
    this.#model = model;
  }

  async embed(texts: readonly string[]): Promise<Embedded[]> {
    const known = new Map<string, Embedded>();
    const unknown = new Set<string>();
    for (const text of texts) {
      const kept = known.get(text) ?? this.#vectors.get(text);
      if (kept === undefined) unknown.add(text);
      else known.set(text, kept);
    }
    const missing = [...unknown];
    const computed = await this.#model.embed(missing);
    missing.forEach((text, index) => {
      const vector = computed[index] as Embedded;
      known.set(text, vector);
      this.#vectors.set(text, vector);
    });
    return texts.map((text) => known.get(text) as Embedded);
  }
}
