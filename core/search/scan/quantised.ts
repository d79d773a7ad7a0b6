import { type CodeBlock, maxQueryCode, strideOf } from "./dot-products.ts";

/**
 * Vectors as 8-bit codes, each with its step and with the length of what rounding lost. By Cauchy-Schwarz the product
 * of a vector and a query differs from that of their codes by at most the lost lengths, so a scan of the codes bounds it.
 */
export class QuantisedVectors implements CodeBlock {
  readonly codes: Int8Array<SharedArrayBuffer>;
  readonly count: number;
  readonly stride: number;
  readonly #steps: Float32Array;
  readonly #lost: Float32Array;

  constructor(count: number, dimensions: number) {
    this.count = count;
    this.stride = strideOf(dimensions);
    this.codes = new Int8Array(new SharedArrayBuffer(count * this.stride));
    this.#steps = new Float32Array(count);
    this.#lost = new Float32Array(count);
  }

  set(place: number, direction: Float32Array): void {
    const start = place * this.stride;
    const step = Math.fround(largest(direction) / 127);
    this.#steps[place] = step;
    if (step === 0) return;
    const codes = this.codes;
    const perStep = 1 / step;
    let lost = 0;
    for (let at = 0; at < direction.length; at++) {
      const value = direction[at] as number;
      // Rounds half away from zero. No value is larger than 127 steps by as much as a half.
      const code = (value * perStep + (value < 0 ? -0.5 : 0.5)) | 0;
      codes[start + at] = code;
      const rest = value - step * code;
      lost += rest * rest;
    }
    this.#lost[place] = Math.sqrt(lost) + roundingSlack;
  }

  /** Between which two numbers the product of each vector and the query is, by the products of their codes. */
  bounds(products: Int32Array, query: QuantisedQuery): Bounds {
    const lower = new Float32Array(this.count);
    const upper = new Float32Array(this.count);
    for (let place = 0; place < this.count; place++) {
      const lost = this.#lost[place] as number;
      const product = (this.#steps[place] as number) * query.step * (products[place] as number);
      const error = lost * query.length + query.lost * (1 + lost) + roundingSlack;
      lower[place] = product - error;
      upper[place] = product + error;
    }
    return { lower, upper };
  }
}

export interface Bounds {
  readonly lower: Float32Array;
  readonly upper: Float32Array;
}

/** A query as 16-bit codes, which lose almost nothing. */
export interface QuantisedQuery {
  readonly codes: Int16Array;
  readonly step: number;
  readonly length: number;
  readonly lost: number;
}

/** Numbers of 32 bits are rounded at the seventh digit. */
const roundingSlack = 1e-6;

export function quantisedQuery(direction: Float32Array): QuantisedQuery {
  const stride = strideOf(direction.length);
  const codes = new Int16Array(stride);
  const step = largest(direction) / maxQueryCode(stride);
  let [lost, length] = [0, 0];
  direction.forEach((value, at) => {
    const code = step === 0 ? 0 : Math.round(value / step);
    codes[at] = code;
    const rest = value - step * code;
    lost += rest * rest;
    length += value * value;
  });
  return { codes, step, length: Math.sqrt(length), lost: Math.sqrt(lost) };
}

function largest(direction: Float32Array): number {
  let found = 0;
  for (let at = 0; at < direction.length; at++) {
    const size = Math.abs(direction[at] as number);
    if (size > found) found = size;
  }
  return found;
}
