import type { Embedder } from "../embedding/embedder.ts";
import { RememberedVectors } from "../embedding/remembered-vectors.ts";
import { QueryNotEmbeddedError } from "./search-errors.ts";

/** Embeds query texts, and caches the vectors of the latest ones. */
export class QueryVectors {
  readonly #vectors: RememberedVectors;

  constructor(embedder: Embedder, remembered: number) {
    this.#vectors = new RememberedVectors(embedder, remembered);
  }

  /** Throws QueryNotEmbeddedError if the embedder fails. */
  of(text: string): Promise<readonly number[]> {
    return this.#vectors.of(text).catch((cause: unknown) => {
      throw new QueryNotEmbeddedError(cause);
    });
  }
}
