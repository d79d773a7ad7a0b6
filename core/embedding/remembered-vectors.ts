import type { Embedder } from "./embedder.ts";
import { numbersOf } from "./vector-numbers.ts";

/** Embeds questions, and caches the vectors of the latest ones. */
export class RememberedVectors {
  readonly #embedder: Pick<Embedder, "embed">;
  readonly #remembered: number;
  /** Least recently used first. */
  readonly #vectors = new Map<string, Promise<readonly number[]>>();

  constructor(embedder: Pick<Embedder, "embed">, remembered: number) {
    this.#embedder = embedder;
    this.#remembered = remembered;
  }

  /** Rejects with the embedder's error, which is not cached. */
  of(text: string): Promise<readonly number[]> {
    const vector = this.#vectors.get(text) ?? this.#embed(text);
    this.#vectors.delete(text);
    this.#vectors.set(text, vector);
    for (const oldest of this.#vectors.keys()) {
      if (this.#vectors.size <= this.#remembered) break;
      this.#vectors.delete(oldest);
    }
    return vector;
  }

  #embed(text: string): Promise<readonly number[]> {
    const vector = this.#embedder.embed([text], "query").then(([bytes]) => {
      if (bytes === undefined) throw new RangeError("the answer has no vector.");
      return numbersOf(bytes);
    });
    vector.catch(() => {
      if (this.#vectors.get(text) === vector) this.#vectors.delete(text);
    });
    return vector;
  }
}
