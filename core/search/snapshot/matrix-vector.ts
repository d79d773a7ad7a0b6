import type { StoredVector } from "../../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../../deltas/delta.ts";
import { directionOf, isEqualVector } from "../scan/directions.ts";
import type { DenseMatrix } from "./dense-matrix.ts";
import type { HeldOnce } from "./held-once.ts";

/**
 * A stored vector that takes its numbers from a matrix and its id from its document's key, so that neither is stored
 * twice.
 */
export class MatrixVector implements StoredVector {
  readonly document: string;
  readonly metadata: VectorMetadata;
  readonly #documentKey: string;
  /** The part of the id after the document's key, which is equal for vectors of many documents. */
  readonly #rest: string;
  readonly #matrix: DenseMatrix;
  readonly #number: number;

  /** `documentKey` is the prefix of the id. */
  constructor(
    { id, document, metadata }: Omit<StoredVector, "vector">,
    documentKey: string,
    once: HeldOnce,
    matrix: DenseMatrix,
    number: number,
  ) {
    const [key, rest] = id.startsWith(documentKey) ? [documentKey, id.slice(documentKey.length)] : ["", id];
    this.document = once.string(document);
    this.metadata = once.metadata(metadata);
    this.#documentKey = key;
    this.#rest = once.string(rest);
    this.#matrix = matrix;
    this.#number = number;
  }

  /** The same vector with other metadata. It shares the numbers. */
  withMetadata(metadata: VectorMetadata, once: HeldOnce): MatrixVector {
    const { id, document } = this;
    return new MatrixVector({ id, document, metadata }, this.#documentKey, once, this.#matrix, this.#number);
  }

  /** Whether a vector has this one's id, text and direction. */
  isOf({ id, document, vector }: StoredVector): boolean {
    if (id !== this.id || document !== this.document) return false;
    const own = this.vector;
    const isHeldHere = vector.buffer === own.buffer && vector.byteOffset === own.byteOffset;
    return isHeldHere || isEqualVector(directionOf(vector), own);
  }

  get id(): string {
    return this.#documentKey + this.#rest;
  }

  get vector(): Float32Array {
    return this.#matrix.direction(this.#number);
  }
}
