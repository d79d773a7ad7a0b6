import type { Embedded } from "./model-pool.ts";

/** The newest vectors by text: equal text gives an equal vector, so it need not be computed twice. */
export class VectorCache {
  readonly #limit: number;
  readonly #vectors = new Map<string, Embedded>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(text: string): Embedded | undefined {
    const found = this.#vectors.get(text);
    if (found !== undefined) {
      this.#vectors.delete(text);
      this.#vectors.set(text, found);
    }
    return found;
  }

  set(text: string, embedded: Embedded): void {
    this.#vectors.set(text, embedded);
    if (this.#vectors.size <= this.#limit) return;
    const oldest = this.#vectors.keys().next();
    if (!oldest.done) this.#vectors.delete(oldest.value);
  }
}
