import { Turns } from "../../resilience/turns.ts";
import { EqualVectors, exactProduct, writeDirection } from "../scan/directions.ts";
import { type Bounds, QuantisedVectors, quantisedQuery } from "../scan/quantised.ts";
import type { Scanner } from "../scan/scanner.ts";

/** Below it, comparing every vector costs less than a scan of codes. */
const minScanned = 512;
/** Fewer rows than this are compared exactly at once. */
const maxCompared = 4_096;
const noCosine = -1;

/**
 * Directions of vectors in one block of memory, each once: receipts repeat their texts, and equal texts have equal
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

  /** Memory of the directions and their codes. */
  get bytes(): number {
    return this.#directions.byteLength + (this.#codes?.codes.byteLength ?? 0);
  }

  /** The direction of a vector, by its number among those that were given. A view, not a copy. */
  direction(vector: number): Float32Array {
    return this.#directionAt(this.#places[vector] ?? 0);
  }

  /** The cosine of the row's nearest vector; -1 for a row without any. */
  cosine(row: number, query: Float32Array): number {
    const end = this.#starts[row + 1] as number;
    let nearest = noCosine;
    for (let vector = this.#starts[row] as number; vector < end; vector++) {
      const start = (this.#places[vector] as number) * this.#dimensions;
      const product = exactProduct(query, this.#directions, start);
      if (product > nearest) nearest = product;
    }
    return nearest;
  }

  /** By row, between which two numbers its cosine is. Where few rows are wanted, others are passed over. */
  async bounds(
    query: Float32Array,
    scanner: Scanner,
    wanted: readonly number[] | undefined,
  ): Promise<Bounds> {
    const rows = this.#starts.length - 1;
    if (this.#codes === undefined || (wanted !== undefined && wanted.length < maxCompared)) {
      const exact = new Float32Array(rows);
      for (const row of wanted ?? exact.keys()) exact[row] = this.cosine(row, query);
      return { lower: exact, upper: exact };
    }
    const quantised = quantisedQuery(query);
    const products = await scanner.products(this.#codes, quantised.codes);
    return this.#ofRows(this.#codes.bounds(products, quantised), rows);
  }

  #ofRows(ofDirections: Bounds, rows: number): Bounds {
    const lower = new Float32Array(rows).fill(noCosine);
    const upper = new Float32Array(rows).fill(noCosine);
    for (let row = 0; row < rows; row++) {
      const end = this.#starts[row + 1] as number;
      for (let vector = this.#starts[row] as number; vector < end; vector++) {
        const place = this.#places[vector] as number;
        const [low, high] = [ofDirections.lower[place] as number, ofDirections.upper[place] as number];
        if (low > (lower[row] as number)) lower[row] = low;
        if (high > (upper[row] as number)) upper[row] = high;
      }
    }
    return { lower, upper };
  }

  #directionAt(place: number): Float32Array {
    const start = place * this.#dimensions;
    return this.#directions.subarray(start, start + this.#dimensions);
  }
}
