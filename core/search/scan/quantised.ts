import { setImmediate as nextTurn } from "node:timers/promises";
import { Semaphore } from "../../resilience/semaphore.ts";
import { CodeBlock, maxQueryCode, strideOf } from "./code-block.ts";

/** Takes a few milliseconds. */
const bytesPerTurn = 8 * 1024 * 1024;
/** A quarter of the maximum size of a WebAssembly memory. */
const maxBlockBytes = 1024 ** 3;

/** Scans run one at a time: two interleaved ones would both end late. */
const oneScan = new Semaphore(1);

/**
 * Vectors as 8-bit codes, each with its scale and the length of its rounding error. By Cauchy-Schwarz, the product of a
 * vector and a query differs from that of their codes by at most those lengths, so a scan of the codes bounds it.
 */
export class QuantisedVectors {
  readonly count: number;
  readonly #stride: number;
  readonly #perBlock: number;
  readonly #blocks: readonly CodeBlock[];
  readonly #steps: Float32Array;
  readonly #lost: Float32Array;

  constructor(count: number, dimensions: number, blockBytes = maxBlockBytes) {
    this.count = count;
    this.#stride = strideOf(dimensions);
    const perBlock = Math.max(1, Math.floor(blockBytes / this.#stride));
    this.#perBlock = perBlock;
    this.#blocks = Array.from(
      { length: Math.ceil(count / perBlock) },
      (_, block) => new CodeBlock(Math.min(perBlock, count - block * perBlock), this.#stride),
    );
    this.#steps = new Float32Array(count);
    this.#lost = new Float32Array(count);
  }

  /** Bytes outside the JavaScript heap. */
  get bytes(): number {
    const ofScales = this.#steps.byteLength + this.#lost.byteLength;
    return this.#blocks.reduce((sum, { codes }) => sum + codes.byteLength, ofScales);
  }

  set(place: number, direction: Float32Array): void {
    const step = Math.fround(largest(direction) / 127);
    this.#steps[place] = step;
    if (step === 0) return;
    const { codes } = this.#blocks[Math.floor(place / this.#perBlock)] as CodeBlock;
    const start = (place % this.#perBlock) * this.#stride;
    const perStep = 1 / step;
    let lost = 0;
    for (let at = 0; at < direction.length; at++) {
      const value = direction[at] as number;
      // Rounds half away from zero. No value exceeds 127 steps by as much as half a step.
      const code = (value * perStep + (value < 0 ? -0.5 : 0.5)) | 0;
      codes[start + at] = code;
      const rest = value - step * code;
      lost += rest * rest;
    }
    this.#lost[place] = Math.sqrt(lost) + roundingSlack;
  }

  /**
   * Compares the codes of a query with those of every vector. Runs in this thread and yields regularly to other work.
   */
  scan(query: QuantisedQuery): Promise<Scanned> {
    return oneScan.use(async () => {
      const products = new Int32Array(this.count);
      const perTurn = Math.max(1, Math.floor(bytesPerTurn / this.#stride));
      for (const [number, block] of this.#blocks.entries()) {
        const first = number * this.#perBlock;
        const own = products.subarray(first, Math.min(this.count, first + this.#perBlock));
        for (let from = 0; from < own.length; from += perTurn) {
          if (from + first > 0) await nextTurn();
          block.scan(query.codes, own, from, Math.min(own.length, from + perTurn));
        }
      }
      return new Scanned({ products, steps: this.#steps, lost: this.#lost }, query);
    });
  }
}

interface Scan {
  readonly products: Int32Array;
  readonly steps: Float32Array;
  readonly lost: Float32Array;
}

/** Bounds on the product of each vector and a query. */
export class Scanned {
  readonly #scan: Scan;
  readonly #query: QuantisedQuery;

  constructor(scan: Scan, query: QuantisedQuery) {
    this.#scan = scan;
    this.#query = query;
  }

  lower(place: number): number {
    return this.#product(place) - this.#error(place);
  }

  /**
   * Upper bounds by position. A typed array, because returning numbers one by one would create a megabyte of garbage
   * per scan.
   */
  upper(): Float32Array {
    const upper = new Float32Array(this.#scan.products.length);
    for (let place = 0; place < upper.length; place++)
      upper[place] = this.#product(place) + this.#error(place);
    return upper;
  }

  #product(place: number): number {
    const { steps, products } = this.#scan;
    return (steps[place] as number) * this.#query.step * (products[place] as number);
  }

  #error(place: number): number {
    const lost = this.#scan.lost[place] as number;
    return lost * this.#query.length + this.#query.lost * (1 + lost) + roundingSlack;
  }
}

/** A query as 16-bit codes, whose rounding error is negligible. */
export interface QuantisedQuery {
  readonly codes: Int16Array;
  readonly step: number;
  readonly length: number;
  readonly lost: number;
}

/** 32-bit floats are precise to about seven digits. */
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
