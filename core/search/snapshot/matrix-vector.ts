import type { StoredVector } from "../../collections/chroma/vector-store.ts";
import type { VectorMetadata } from "../../deltas/delta.ts";
import type { DenseMatrix } from "./dense-matrix.ts";

/** A stored vector whose numbers are those of a matrix, as a direction; none is held twice. */
export class MatrixVector implements StoredVector {
  readonly id: string;
  readonly document: string;
  readonly metadata: VectorMetadata;
  readonly #matrix: DenseMatrix;
  readonly #number: number;

  constructor({ id, document, metadata }: StoredVector, matrix: DenseMatrix, number: number) {
    this.id = id;
    this.document = document;
    this.metadata = metadata;
    this.#matrix = matrix;
    this.#number = number;
  }

  get vector(): Float32Array {
    return this.#matrix.direction(this.#number);
  }
}
