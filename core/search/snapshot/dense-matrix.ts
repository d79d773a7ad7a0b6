import { Turns } from "../../resilience/turns.ts";
import { EqualVectors, exactProduct, writeDirection } from "../scan/directions.ts";
import { QuantisedVectors, quantisedQuery } from "../scan/quantised.ts";

/** Below it, comparing every vector costs less than a scan of codes. */
const minScanned = 512;
/** Fewer rows than this are compared exactly at once. */
const maxCompared = 4_096;
const noCosine = -1;

/** By row, between which two numbers its cosine is. */
export interface Bounds {
  readonly upper: Float32Array;
  lower(row: number): number;
}

/**
 * Directions of vectors in one block of memory, each once: documents repeat texts, and equal texts have equal
 * vectors. Beside them lie 8-bit codes, a quarter of their size, whose scan bounds every cosine.
 */
export class DenseMatrix {
  readonly #dimensions: number;
  readonly #directions: Float32Array;
  readonly #codes: QuantisedVectors | undefined;
  /** By vector as given, the number of its direction. */
  readonly #places: Int32Array;
  /** By row, the number of its first vector as given; one more for the end. */
  readonly #starts: Int32Array;

  private constructor(dimensions: number, directions: Float32Array, places: Int32Array, starts: Int32Array) {
    this.#dimensions = dimensions;
    this.#directions = directions;
    this.#places = places;
    this.#starts = starts;
    const count = directions.length / dimensions;
    this.#codes = count < minScanned ? undefined : new QuantisedVectors(count, dimensions);
  }

  /** Of rows with their vectors. Takes turns with other work of the process. */
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

  /** Memory beside the heap. */
  get bytes(): number {
    const own = [this.#directions, this.#places, this.#starts];
    return own.reduce((sum, { byteLength }) => sum + byteLength, this.#codes?.bytes ?? 0);
  }

  /** The direction of a vector, by its number among those that were given. A view, not a copy. */
  direction(vector: number): Float32Array {
    return this.#directionAt(this.#places[vector] ?? 0);
  }

  /** The cosine of the row's nearest vector; -1 for a row without any. */
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

  /** If only few rows are wanted, the bounds of the others are undefined. */
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

  /** By row, the largest number of its vectors. */
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
