import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { CodeBlock, maxQueryCode, strideOf } from "../../../../core/search/scan/code-block.ts";
import { wasmModule } from "../../../../tools/wasm/wasm-module.ts";

const folder = join(import.meta.dirname, "../../../../core/search/scan");

test("the WebAssembly that is committed is what its source assembles to", async () => {
  const committed = readFileSync(join(folder, "dot-products-wasm.ts"), "utf8");
  expect(committed).toBe(await wasmModule(readFileSync(join(folder, "dot-products.wat"), "utf8")));
});

function block(vectors: readonly (readonly number[])[], dimensions: number): CodeBlock {
  const made = new CodeBlock(vectors.length, strideOf(dimensions));
  for (const [at, vector] of vectors.entries()) made.codes.set(vector, at * made.stride);
  return made;
}

function productsOf(vectors: readonly (readonly number[])[], query: readonly number[]): number[] {
  const products = new Int32Array(vectors.length);
  block(vectors, query.length).scan(queryOf(query), products, 0, vectors.length);
  return [...products];
}

function queryOf(codes: readonly number[]): Int16Array {
  const query = new Int16Array(strideOf(codes.length));
  query.set(codes);
  return query;
}

const dot = (one: readonly number[], other: readonly number[]) =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);

test("the products are those of whole numbers, for any count and dimensions", () => {
  const code = fc.integer({ min: -127, max: 127 });
  const some = fc.integer({ min: 1, max: 70 }).chain((dimensions) =>
    fc.record({
      query: fc.array(fc.integer({ min: -9_999, max: 9_999 }), {
        minLength: dimensions,
        maxLength: dimensions,
      }),
      vectors: fc.array(fc.array(code, { minLength: dimensions, maxLength: dimensions }), { maxLength: 11 }),
    }),
  );
  fc.assert(
    fc.property(some, ({ query, vectors }) => {
      expect(productsOf(vectors, query)).toEqual(vectors.map((vector) => dot(query, vector)));
    }),
  );
});

test.each([[16], [512], [1_536], [3_072], [65_536]])(
  "the largest codes of %i dimensions do not overflow",
  (dimensions) => {
    const stride = strideOf(dimensions);
    const largest = maxQueryCode(stride);
    const full = Array.from({ length: dimensions }, () => 127);
    const query = full.map(() => largest);
    expect(productsOf([full, full.map((code) => -code)], query)).toEqual([
      127 * largest * dimensions,
      -127 * largest * dimensions,
    ]);
    expect(largest).toBeGreaterThan(127);
  },
);

test("more vectors than one call takes are all scanned, and any part of them by itself", () => {
  const dimensions = 16;
  const vectors = Array.from({ length: 9_001 }, (_, at) =>
    Array.from({ length: dimensions }, (_, dimension) => ((at * 7 + dimension * 3) % 255) - 127),
  );
  const query = Array.from({ length: dimensions }, (_, dimension) => (dimension % 201) - 100);
  const wanted = vectors.map((vector) => dot(query, vector));
  expect(productsOf(vectors, query)).toEqual(wanted);
  const part = new Int32Array(vectors.length);
  block(vectors, dimensions).scan(queryOf(query), part, 17, 4_242);
  expect([...part]).toEqual(wanted.map((product, at) => (at >= 17 && at < 4_242 ? product : 0)));
});
