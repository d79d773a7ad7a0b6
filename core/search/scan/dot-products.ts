import { dotProductsWasm } from "./dot-products-wasm.ts";

/** Vectors of 8-bit codes, one after another. Shared memory, so that a thread can read them. */
export interface CodeBlock {
  readonly codes: Int8Array<SharedArrayBuffer>;
  readonly count: number;
  /** Bytes from one vector to the next: its dimensions, filled with zeros to a multiple of 16. */
  readonly stride: number;
}

const pageBytes = 65_536;
/** A chunk that stays in the cache of a core: the codes are read from memory once. */
const chunkBytes = 65_536;
const vectorsAtOnce = 4;

export function strideOf(dimensions: number): number {
  return Math.ceil(dimensions / 16) * 16;
}

/** The largest code of a query whose product with any vector of this stride fits in 32 bits. */
export function maxQueryCode(stride: number): number {
  return Math.min(32_767, Math.floor((2 ** 31 - 1) / (127 * stride)));
}

type Kernel = (query: number, codes: number, count: number, stride: number, out: number) => void;

/** The WebAssembly kernel with its memory. One scan at a time. */
export class DotProducts {
  readonly #stride: number;
  readonly #perChunk: number;
  readonly #kernel: Kernel;
  readonly #query: Int16Array;
  readonly #chunk: Int8Array;
  readonly #out: Int32Array;

  /** For vectors of one stride. */
  constructor(stride: number) {
    this.#stride = stride;
    this.#perChunk = Math.max(vectorsAtOnce, Math.floor(chunkBytes / stride / vectorsAtOnce) * vectorsAtOnce);
    const [queryBytes, codeBytes] = [2 * stride, this.#perChunk * stride];
    const bytes = queryBytes + codeBytes + 4 * this.#perChunk;
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes) });
    const { exports } = new WebAssembly.Instance(kernelModule(), { scan: { memory } });
    this.#kernel = exports.dotProducts as Kernel;
    this.#query = new Int16Array(memory.buffer, 0, stride);
    this.#chunk = new Int8Array(memory.buffer, queryBytes, codeBytes);
    this.#out = new Int32Array(memory.buffer, queryBytes + codeBytes, this.#perChunk);
  }

  /** Writes the product of the query with each vector from `from` up to `to` to its place in `products`. */
  scan(
    { codes, stride }: CodeBlock,
    query: Int16Array,
    products: Int32Array,
    from: number,
    to: number,
  ): void {
    this.#query.set(query);
    for (let first = from; first < to; first += this.#perChunk) {
      const count = Math.min(this.#perChunk, to - first);
      this.#chunk.set(codes.subarray(first * stride, (first + count) * stride));
      const rounded = Math.ceil(count / vectorsAtOnce) * vectorsAtOnce;
      this.#kernel(0, this.#chunk.byteOffset, rounded, this.#stride, this.#out.byteOffset);
      products.set(count === this.#perChunk ? this.#out : this.#out.subarray(0, count), first);
    }
  }
}

let compiled: WebAssembly.Module | undefined;

function kernelModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Buffer.from(dotProductsWasm, "base64"));
  return compiled;
}
