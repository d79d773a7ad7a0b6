import { setImmediate as nextTurn } from "node:timers/promises";
import { Semaphore } from "../../resilience/semaphore.ts";
import { type CodeBlock, DotProducts } from "./dot-products.ts";

/** What compares a query with every vector of a block. */
export interface Scanner {
  /** By vector, the product of its codes and the query's. */
  products(block: CodeBlock, query: Int16Array): Promise<Int32Array>;
}

/** Some milliseconds of work. */
const bytesPerTurn = 8 * 1024 * 1024;

/** Scans in this thread, in turns, so that other work of the process waits for milliseconds only. */
export class InlineScanner implements Scanner {
  readonly #kernels = new Map<number, DotProducts>();
  readonly #one = new Semaphore(1);

  products(block: CodeBlock, query: Int16Array): Promise<Int32Array> {
    // One after another: two scans that take turns would both end late.
    return this.#one.use(async () => {
      const products = new Int32Array(block.count);
      const kernel = this.#kernelFor(block.stride);
      const perTurn = Math.max(1, Math.floor(bytesPerTurn / block.stride));
      for (let from = 0; from < block.count; from += perTurn) {
        if (from > 0) await nextTurn();
        kernel.scan(block, query, products, from, Math.min(block.count, from + perTurn));
      }
      return products;
    });
  }

  #kernelFor(stride: number): DotProducts {
    const kernel = this.#kernels.get(stride) ?? new DotProducts(stride);
    this.#kernels.set(stride, kernel);
    return kernel;
  }
}

export const inlineScanner: Scanner = new InlineScanner();
