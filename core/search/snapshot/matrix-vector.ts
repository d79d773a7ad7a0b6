import type { StoredVector } from "../../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../../deltas/delta.ts";
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
    { id, document, metadata }: StoredVector,
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

  get id(): string {
    return this.#documentKey + this.#rest;
  }

  get vector(): Float32Array {
    return this.#matrix.direction(this.#number);
  }
}
