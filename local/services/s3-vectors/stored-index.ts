import { type Clock, monotonicClock } from "../../../core/resilience/clock.ts";
import { tooManyRequests } from "./errors.ts";

/** The documented limits of S3 Vectors per index and second. */
export interface WriteRates {
  readonly requests: number;
  readonly vectors: number;
}

export const documentedRates: WriteRates = { requests: 1_000, vectors: 2_500 };

export type Metadata = Readonly<Record<string, unknown>>;

export interface StoredVector {
  readonly key: string;
  readonly values: Float32Array;
  readonly metadata: Metadata | undefined;
}

export interface StoredIndexSettings {
  readonly dimension: number;
  readonly distanceMetric: "cosine" | "euclidean";
  readonly nonFilterableMetadataKeys: readonly string[];
}

export interface Neighbour {
  readonly vector: StoredVector;
  readonly distance: number;
}

/** One vector index. Every search compares all of its vectors. */
export class StoredIndex {
  readonly name: string;
  readonly arn: string;
  readonly settings: StoredIndexSettings;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly #vectors = new Map<string, StoredVector>();
  /** The writes in the second that began at `since`. */
  #written = { since: Number.NEGATIVE_INFINITY, requests: 0, vectors: 0 };

  constructor(name: string, arn: string, settings: StoredIndexSettings, createdAt = Date.now()) {
    this.createdAt = createdAt;
    this.name = name;
    this.arn = arn;
    this.settings = settings;
  }

  /** Books a write. Throws TooManyRequestsException, and then nothing is booked. */
  book(vectors: number, rates: WriteRates, clock: Clock = monotonicClock): void {
    const now = clock.now();
    if (now - this.#written.since >= 1_000) this.#written = { since: now, requests: 0, vectors: 0 };
    const written = this.#written;
    if (written.requests + 1 > rates.requests || written.vectors + vectors > rates.vectors) {
      throw tooManyRequests();
    }
    written.requests += 1;
    written.vectors += vectors;
  }

  put(vectors: readonly StoredVector[]): void {
    for (const vector of vectors) this.#vectors.set(vector.key, vector);
  }

  get(key: string): StoredVector | undefined {
    return this.#vectors.get(key);
  }

  delete(keys: readonly string[]): void {
    for (const key of keys) this.#vectors.delete(key);
  }

  /** Returns the vectors in the byte order of their keys. */
  all(): StoredVector[] {
    return [...this.#vectors.values()].sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  nearest(query: Float32Array, k: number, fits: (metadata: Metadata) => boolean): Neighbour[] {
    const measure = this.settings.distanceMetric === "cosine" ? cosineDistance : squaredDistance;
    return [...this.#vectors.values()]
      .filter(({ metadata }) => fits(metadata ?? {}))
      .map((vector) => ({ vector, distance: measure(query, vector.values) }))
      .sort((one, other) => one.distance - other.distance)
      .slice(0, k);
  }
}

function cosineDistance(one: Float32Array, other: Float32Array): number {
  return 1 - dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other));
}

function squaredDistance(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, at) => sum + (value - (other[at] ?? 0)) ** 2, 0);
}

function dot(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}
