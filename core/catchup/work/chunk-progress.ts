import type { UnderWay } from "../tasks/chunk-counts.ts";

const everyMs = 2_000;

/** Records the progress of a chunk, at most every two seconds. Informational only: no count depends on it. */
export class ChunkProgress {
  #embedded = 0;
  #written = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;
  readonly #write: (progress: UnderWay) => Promise<void>;
  readonly #now: () => number;

  constructor(write: (progress: UnderWay) => Promise<void>, now: () => number = Date.now) {
    this.#write = write;
    this.#now = now;
  }

  async add({ embedded = 0, written = 0 }: Partial<UnderWay>): Promise<void> {
    this.#embedded += embedded;
    this.#written += written;
    const now = this.#now();
    if (now - this.#reportedAt < everyMs) return;
    this.#reportedAt = now;
    await this.#write({ embedded: this.#embedded, written: this.#written }).catch(() => undefined);
  }
}
