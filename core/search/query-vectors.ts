import type { Embedder } from "../embedding/embedder.ts";
import { numbersOf } from "../embedding/vector-numbers.ts";
import { QueryNotEmbeddedError } from "./search-errors.ts";

/** Embeds query texts, and caches the vectors of the latest ones. */
export class QueryVectors {
  readonly #embedder: Embedder;
  readonly #remembered: number;
  /** Least recently used first. */
  readonly #vectors = new Map<string, Promise<readonly number[]>>();

  constructor(embedder: Embedder, remembered: number) {
    this.#embedder = embedder;
    this.#remembered = remembered;
  }

  /** Throws QueryNotEmbeddedError if the embedder fails. */
  async of(text: string): Promise<readonly number[]> {
    const vector = this.#vectors.get(text) ?? this.#embed(text);
    this.#vectors.delete(text);
    this.#vectors.set(text, vector);
    for (const oldest of this.#vectors.keys()) {
      if (this.#vectors.size <= this.#remembered) break;
      this.#vectors.delete(oldest);
    }
    return vector.catch((cause: unknown) => {
      throw new QueryNotEmbeddedError(cause);
    });
  }

  #embed(text: string): Promise<readonly number[]> {
    const vector = this.#embedder.embed([text]).then(([bytes]) => {
      if (bytes === undefined) throw new RangeError("the answer has no vector.");
      return numbersOf(bytes);
    });
    vector.catch(() => {
      if (this.#vectors.get(text) === vector) this.#vectors.delete(text);
    });
    return vector;
  }
}
