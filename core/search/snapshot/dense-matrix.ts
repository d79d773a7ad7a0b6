/** Directions of vectors in one block of memory, for an exact scan. */
export class DenseMatrix {
  readonly #dimensions: number;
  readonly #directions: Float32Array;
  /** By direction, the number of its row. */
  readonly #rows: Int32Array;
  /** By vector as given, the number of its direction. */
  readonly #places: Int32Array;

  /** Vectors that repeat the one before in the same row are held once. */
  constructor(
    vectors: readonly { readonly row: number; readonly vector: Float32Array }[],
    dimensions: number,
  ) {
    const rows: number[] = [];
    this.#dimensions = dimensions;
    this.#places = Int32Array.from(vectors, ({ row, vector }, index) => {
      const before = vectors[index - 1];
      if (before?.row !== row || !isEqual(before.vector, vector)) rows.push(row);
      return rows.length - 1;
    });
    this.#rows = Int32Array.from(rows);
    this.#directions = new Float32Array(rows.length * dimensions);
    vectors.forEach(({ vector }, index) => {
      const length = lengthOf(vector);
      const start = (this.#places[index] ?? 0) * dimensions;
      for (let at = 0; at < dimensions; at++) this.#directions[start + at] = (vector[at] ?? 0) / length;
    });
  }

  /** The direction of a vector, by its place among those that were given. A view, not a copy. */
  direction(place: number): Float32Array {
    const start = (this.#places[place] ?? 0) * this.#dimensions;
    return this.#directions.subarray(start, start + this.#dimensions);
  }

  /** By row, the cosine of its nearest vector; -1 for a row without any. */
  cosines(query: readonly number[], rows: number): Float32Array {
    const found = new Float32Array(rows).fill(-1);
    const dimensions = this.#dimensions;
    const directions = this.#directions;
    const length = lengthOf(query);
    const direction = Float32Array.from(query, (value) => value / length);
    for (let vector = 0, start = 0; vector < this.#rows.length; vector++, start += dimensions) {
      let sum = 0;
      for (let at = 0; at < dimensions; at++) {
        sum += (directions[start + at] as number) * (direction[at] as number);
      }
      const row = this.#rows[vector] as number;
      if (sum > (found[row] as number)) found[row] = sum;
    }
    return found;
  }
}

function lengthOf(vector: Float32Array | readonly number[]): number {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.sqrt(sum) || 1;
}

function isEqual(one: Float32Array, other: Float32Array): boolean {
  return one.every((value, index) => value === other[index]);
}
