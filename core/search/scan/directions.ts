/** The vector normalised to length 1. All zeros if its length is zero or not a finite number. */
export function directionOf(vector: Float32Array | readonly number[]): Float32Array {
  const direction = new Float32Array(vector.length);
  writeDirection(vector, direction, 0);
  return direction;
}

export function writeDirection(
  vector: Float32Array | readonly number[],
  into: Float32Array,
  start: number,
): void {
  let sum = 0;
  for (let at = 0; at < vector.length; at++) {
    const value = vector[at] as number;
    sum += value * value;
  }
  const length = Math.sqrt(sum);
  if (!(length > 0 && length < Number.POSITIVE_INFINITY)) return;
  for (let at = 0; at < vector.length; at++) into[start + at] = (vector[at] as number) / length;
}

/** The exact dot product of a query and the vector that begins at `start`. */
export function exactProduct(query: Float32Array, vectors: Float32Array, start: number): number {
  // Four independent sums: a single one would wait for its previous addition at each step.
  let [one, two, three, four] = [0, 0, 0, 0];
  const { length } = query;
  const whole = length - (length % 4);
  for (let at = 0; at < whole; at += 4) {
    one += (query[at] as number) * (vectors[start + at] as number);
    two += (query[at + 1] as number) * (vectors[start + at + 1] as number);
    three += (query[at + 2] as number) * (vectors[start + at + 2] as number);
    four += (query[at + 3] as number) * (vectors[start + at + 3] as number);
  }
  for (let at = whole; at < length; at++) one += (query[at] as number) * (vectors[start + at] as number);
  return Math.fround(one + two + (three + four));
}

/** Numbers distinct vectors; vectors are equal if all their bits are. */
export class EqualVectors {
  readonly #firstByHash = new Map<number, number[]>();
  readonly #vectors: Float32Array[] = [];

  /** The number of distinct vectors so far. */
  get size(): number {
    return this.#vectors.length;
  }

  /** Returns the number of the vector among the distinct ones. */
  add(vector: Float32Array): number {
    const bits = bitsOf(vector);
    const hash = hashOf(bits);
    const same = this.#firstByHash.get(hash);
    const known = same?.find((number) => isEqual(bits, bitsOf(this.#vectors[number] as Float32Array)));
    if (known !== undefined) return known;
    const number = this.#vectors.push(vector) - 1;
    if (same) same.push(number);
    else this.#firstByHash.set(hash, [number]);
    return number;
  }

  distinct(): readonly Float32Array[] {
    return this.#vectors;
  }
}

/** Whether all bits of two vectors of equal length are equal. */
export function isEqualVector(one: Float32Array, other: Float32Array): boolean {
  return isEqual(bitsOf(one), bitsOf(other));
}

function bitsOf({ buffer, byteOffset, length }: Float32Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, length);
}

function hashOf(bits: Uint32Array): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < bits.length; at++) hash = Math.imul(hash ^ (bits[at] as number), 0x01000193);
  return hash;
}

function isEqual(one: Uint32Array, other: Uint32Array): boolean {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
