import type { StoredVector } from "../../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../../deltas/delta.ts";
import type { DenseMatrix } from "./dense-matrix.ts";
import type { HeldOnce } from "./held-once.ts";

/** A stored vector whose numbers are those of a matrix, as a direction; none is held twice, and neither is its document's key. */
export class MatrixVector implements StoredVector {
  readonly document: string;
  readonly metadata: VectorMetadata;
  readonly #documentKey: string;
  /** What follows the document's key in the id: the same for one vector of many documents. */
  readonly #rest: string;
  readonly #matrix: DenseMatrix;
  readonly #number: number;

  /** `documentKey`: with which its id begins. */
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
