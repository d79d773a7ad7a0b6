import { dotProductsWasm } from "./dot-products-wasm.ts";

const pageBytes = 65_536;
const vectorsAtOnce = 4;
/** Vectors per call of the kernel; their products are then copied out of its memory. */
const vectorsPerCall = 4_096;

type Kernel = (query: number, codes: number, count: number, stride: number, out: number) => void;

/** Bytes per vector: its dimensions, padded with zeros to a multiple of 16. */
export function strideOf(dimensions: number): number {
  return Math.ceil(dimensions / 16) * 16;
}

/** The largest query code whose product with any vector of this stride fits in 32 bits. */
export function maxQueryCode(stride: number): number {
  return Math.min(32_767, Math.floor((2 ** 31 - 1) / (127 * stride)));
}

/**
 * Vectors of 8-bit codes in the memory of their own WebAssembly kernel, so that a scan reads them in place. Copying
 * them to a shared kernel took longer than the scan.
 */
export class CodeBlock {
  readonly codes: Int8Array;
  readonly stride: number;
  readonly #kernel: Kernel;
  readonly #query: Int16Array;
  readonly #out: Int32Array;

  constructor(count: number, stride: number) {
    this.stride = stride;
    const perCall = Math.min(vectorsPerCall, wholeCalls(count));
    const [queryBytes, outBytes, codeBytes] = [2 * stride, 4 * perCall, wholeCalls(count) * stride];
    const memory = new WebAssembly.Memory({
      initial: Math.ceil((queryBytes + outBytes + codeBytes) / pageBytes),
    });
    const { exports } = new WebAssembly.Instance(kernelModule(), { scan: { memory } });
    this.#kernel = exports.dotProducts as Kernel;
    this.#query = new Int16Array(memory.buffer, 0, stride);
    this.#out = new Int32Array(memory.buffer, queryBytes, perCall);
    this.codes = new Int8Array(memory.buffer, queryBytes + outBytes, count * stride);
  }

  /**
   * Writes the products of the query and the vectors from `from` up to, but not including, `to` into `products` at
   * their positions.
   */
  scan(query: Int16Array, products: Int32Array, from: number, to: number): void {
    this.#query.set(query);
    for (let first = from; first < to; first += this.#out.length) {
      const count = Math.min(this.#out.length, to - first);
      const start = this.codes.byteOffset + first * this.stride;
      this.#kernel(this.#query.byteOffset, start, wholeCalls(count), this.stride, this.#out.byteOffset);
      products.set(count === this.#out.length ? this.#out : this.#out.subarray(0, count), first);
    }
  }
}

function wholeCalls(count: number): number {
  return Math.ceil(count / vectorsAtOnce) * vectorsAtOnce;
}

let compiled: WebAssembly.Module | undefined;

function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Buffer.from(dotProductsWasm, "base64"));
  return compiled;
}
