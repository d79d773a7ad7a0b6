import { Turns } from "../../resilience/turns.ts";
import { EqualVectors, exactProduct, writeDirection } from "../scan/directions.ts";
import { QuantisedVectors, quantisedQuery } from "../scan/quantised.ts";

/** With fewer vectors, comparing all of them is cheaper than scanning codes. */
const minScanned = 512;
/** If fewer rows are wanted, they are compared exactly without a scan. */
const maxCompared = 4_096;
const noCosine = -1;

/** Bounds on the cosine of each row. */
export interface Bounds {
  readonly upper: Float32Array;
  lower(row: number): number;
}

/**
 * The directions of vectors in one block of memory. Equal vectors are stored once, because documents repeat texts and
 * equal texts have equal vectors. 8-bit codes, a quarter of the size, are stored in addition; scanning them bounds
 * every cosine.
 */
export class DenseMatrix {
  readonly #dimensions: number;
  readonly #directions: Float32Array;
  readonly #codes: QuantisedVectors | undefined;
  /** The number of each vector's direction, in the order of the input. */
  readonly #places: Int32Array;
  /** The number of each row's first vector, and one more entry for the end. */
  readonly #starts: Int32Array;

  private constructor(dimensions: number, directions: Float32Array, places: Int32Array, starts: Int32Array) {
    this.#dimensions = dimensions;
    this.#directions = directions;
    this.#places = places;
    this.#starts = starts;
    const count = directions.length / dimensions;
    this.#codes = count < minScanned ? undefined : new QuantisedVectors(count, dimensions);
  }

  /** Builds the matrix of rows with their vectors. Yields regularly to other work of the process. */
  static async of(rows: readonly (readonly Float32Array[])[], dimensions: number): Promise<DenseMatrix> {
    const turns = new Turns();
    const equal = new EqualVectors();
    const starts = new Int32Array(rows.length + 1);
    const places = new Int32Array(rows.reduce((sum, { length }) => sum + length, 0));
    let vectors = 0;
    for (const [row, own] of rows.entries()) {
      for (const vector of own) places[vectors++] = equal.add(vector);
      starts[row + 1] = vectors;
      if (turns.isOver) await turns.next();
    }
    const directions = new Float32Array(equal.size * dimensions);
    const matrix = new DenseMatrix(dimensions, directions, places, starts);
    for (const [place, vector] of equal.distinct().entries()) {
      writeDirection(vector, directions, place * dimensions);
      matrix.#codes?.set(place, matrix.#directionAt(place));
      if (turns.isOver) await turns.next();
    }
    return matrix;
  }

  /** Bytes outside the JavaScript heap. */
  get bytes(): number {
    const own = [this.#directions, this.#places, this.#starts];
    return own.reduce((sum, { byteLength }) => sum + byteLength, this.#codes?.bytes ?? 0);
  }

  /** The direction of a vector, by its number in the input. A view, not a copy. */
  direction(vector: number): Float32Array {
    return this.#directionAt(this.#places[vector] ?? 0);
  }

  /** The cosine of the row's nearest vector; -1 for a row without vectors. */
  cosine(row: number, query: Float32Array): number {
    const end = this.#starts[row + 1] as number;
    let [nearest, before] = [noCosine, -1];
    for (let vector = this.#starts[row] as number; vector < end; vector++) {
      const place = this.#places[vector] as number;
      // The vectors of a row are often equal.
      if (place === before) continue;
      const product = exactProduct(query, this.#directions, place * this.#dimensions);
      if (product > nearest) nearest = product;
      before = place;
    }
    return nearest;
  }

  /** If only few rows are wanted, the bounds of the other rows are meaningless. */
  async bounds(query: Float32Array, wanted: readonly number[] | undefined): Promise<Bounds> {
    if (this.#codes === undefined || (wanted !== undefined && wanted.length < maxCompared)) {
      const exact = new Float32Array(this.#starts.length - 1);
      for (const row of wanted ?? exact.keys()) exact[row] = this.cosine(row, query);
      return { upper: exact, lower: (row) => exact[row] as number };
    }
    const scanned = await this.#codes.scan(quantisedQuery(query));
    return {
      upper: this.#ofRows(scanned.upper()),
      lower: (row) => {
        const own = this.#places.subarray(this.#starts[row], this.#starts[row + 1]);
        return own.reduce((nearest, place) => Math.max(nearest, scanned.lower(place)), noCosine);
      },
    };
  }

  /** The maximum over the vectors of each row. */
  #ofRows(ofPlaces: Float32Array): Float32Array {
    const rows = new Float32Array(this.#starts.length - 1).fill(noCosine);
    for (let row = 0; row < rows.length; row++) {
      const end = this.#starts[row + 1] as number;
      for (let vector = this.#starts[row] as number; vector < end; vector++) {
        const own = ofPlaces[this.#places[vector] as number] as number;
        if (own > (rows[row] as number)) rows[row] = own;
      }
    }
    return rows;
  }

  #directionAt(place: number): Float32Array {
    const start = place * this.#dimensions;
    return this.#directions.subarray(start, start + this.#dimensions);
  }
}
