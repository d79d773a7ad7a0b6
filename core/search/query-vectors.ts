import { setTimeout as sleep } from "node:timers/promises";
import type { Embedder, VectorBytes } from "../embedding/embedder.ts";
import { QueryNotEmbedded } from "./search-failures.ts";

/** Turns query texts into vectors and remembers the latest ones: equal texts are embedded once. */
export class QueryVectors {
  readonly #embedder: Embedder;
  readonly #remembered: number;
  readonly #patienceMs: number;
  /** Oldest use first. */
  readonly #vectors = new Map<string, Promise<readonly number[]>>();

  constructor(embedder: Embedder, { remembered, patienceMs }: { remembered: number; patienceMs: number }) {
    this.#embedder = embedder;
    this.#remembered = remembered;
    this.#patienceMs = patienceMs;
  }

  /** Throws QueryNotEmbedded when the embedder fails or takes longer than the patience. */
  async of(text: string): Promise<readonly number[]> {
    const vector = this.#vectors.get(text) ?? this.#embed(text);
    this.#vectors.delete(text);
    this.#vectors.set(text, vector);
    for (const oldest of this.#vectors.keys()) {
      if (this.#vectors.size <= this.#remembered) break;
      this.#vectors.delete(oldest);
    }
    return this.#inTime(vector);
  }

  #embed(text: string): Promise<readonly number[]> {
    const vector = this.#embedder.embed([text]).then(([bytes]) => {
      if (bytes === undefined) throw new RangeError("the answer has no vector.");
      return floats(bytes);
    });
    vector.catch(() => {
      if (this.#vectors.get(text) === vector) this.#vectors.delete(text);
    });
    return vector;
  }

  async #inTime(vector: Promise<readonly number[]>): Promise<readonly number[]> {
    const answered = new AbortController();
    const late = sleep(this.#patienceMs, undefined, { signal: answered.signal }).then(() => {
      throw new RangeError(`no answer within ${this.#patienceMs} ms.`);
    });
    late.catch(() => undefined);
    try {
      return await Promise.race([vector, late]);
    } catch (cause) {
      throw new QueryNotEmbedded(cause);
    } finally {
      answered.abort();
    }
  }
}

function floats(bytes: VectorBytes): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(4 * index, true));
}
