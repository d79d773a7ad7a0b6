import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { DotProducts, maxQueryCode, strideOf } from "../../../../core/search/scan/dot-products.ts";
import { InlineScanner } from "../../../../core/search/scan/scanner.ts";
import { wasmModule } from "../../../../tools/wasm/wasm-module.ts";

const folder = join(import.meta.dirname, "../../../../core/search/scan");

test("the WebAssembly that is committed is what its source assembles to", async () => {
  const committed = readFileSync(join(folder, "dot-products-wasm.ts"), "utf8");
  expect(committed).toBe(await wasmModule(readFileSync(join(folder, "dot-products.wat"), "utf8")));
});

function block(vectors: readonly (readonly number[])[], dimensions: number) {
  const stride = strideOf(dimensions);
  const codes = new Int8Array(new SharedArrayBuffer(vectors.length * stride));
  for (const [at, vector] of vectors.entries()) codes.set(vector, at * stride);
  return { codes, count: vectors.length, stride };
}

function queryOf(codes: readonly number[]): Int16Array {
  const query = new Int16Array(strideOf(codes.length));
  query.set(codes);
  return query;
}

const dot = (one: readonly number[], other: readonly number[]) =>
  one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);

test("the products are those of whole numbers, for any count and dimensions", async () => {
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
  await fc.assert(
    fc.asyncProperty(some, async ({ query, vectors }) => {
      const products = await new InlineScanner().products(block(vectors, query.length), queryOf(query));
      expect([...products]).toEqual(vectors.map((vector) => dot(query, vector)));
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
    const products = new Int32Array(2);
    const both = block([full, full.map((code) => -code)], dimensions);
    new DotProducts(stride).scan(both, queryOf(query), products, 0, 2);
    expect([...products]).toEqual([127 * largest * dimensions, -127 * largest * dimensions]);
    expect(largest).toBeGreaterThan(127);
  },
);

test("more vectors than one chunk holds are all scanned, a scan after another", async () => {
  const dimensions = 1_536;
  const vectors = Array.from({ length: 203 }, (_, at) =>
    Array.from({ length: dimensions }, (_, dimension) => ((at * 7 + dimension * 3) % 255) - 127),
  );
  const query = Array.from({ length: dimensions }, (_, dimension) => (dimension % 201) - 100);
  const all = block(vectors, dimensions);
  const scanner = new InlineScanner();
  const [one, other] = await Promise.all([
    scanner.products(all, queryOf(query)),
    scanner.products(all, queryOf(query.toReversed())),
  ]);
  expect([...one]).toEqual(vectors.map((vector) => dot(query, vector)));
  expect([...other]).toEqual(vectors.map((vector) => dot(query.toReversed(), vector)));
});
