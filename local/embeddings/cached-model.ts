import type { Embedded } from "./model-pool.ts";
import { VectorCache } from "./vector-cache.ts";

/** A model that embeds short texts, such as ModelPool. */
export interface Model {
  embed(texts: readonly string[]): Promise<Embedded[]>;
}

const cachedVectors = 20_000;

/** A model with a cache, so that each text is embedded once while its vector is cached. */
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
