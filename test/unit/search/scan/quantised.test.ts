import fc from "fast-check";
import { strideOf } from "../../../../core/search/scan/code-block.ts";
import { directionOf, EqualVectors, exactProduct } from "../../../../core/search/scan/directions.ts";
import { QuantisedVectors, quantisedQuery } from "../../../../core/search/scan/quantised.ts";

/** Of very different sizes, as a few dimensions of a model may be far larger than the rest. */
const number = fc.oneof(
  fc.float({ min: -1, max: 1, noNaN: true }),
  fc.float({ min: Math.fround(-0.001), max: Math.fround(0.001), noNaN: true }),
  fc.constantFrom(0, 30, -30),
);
const some = fc.integer({ min: 1, max: 40 }).chain((dimensions) => {
  const vector = fc.array(number, { minLength: dimensions, maxLength: dimensions });
  return fc.record({ query: vector, vectors: fc.array(vector, { minLength: 1, maxLength: 8 }) });
});

test("F44: every exact cosine lies within the bounds that the codes give", async () => {
  await fc.assert(
    fc.asyncProperty(some, async ({ query, vectors }) => {
      const direction = directionOf(query);
      const directions = vectors.map(directionOf);
      // Blocks of three vectors, as a large shard has several.
      const codes = new QuantisedVectors(vectors.length, query.length, 3 * strideOf(query.length));
      for (const [place, each] of directions.entries()) codes.set(place, each);
      const scanned = await codes.scan(quantisedQuery(direction));
      const upper = scanned.upper();
      directions.forEach((each, place) => {
        const exact = exactProduct(direction, each, 0);
        expect(scanned.lower(place)).toBeLessThanOrEqual(exact);
        expect(upper[place]).toBeGreaterThanOrEqual(exact);
      });
    }),
    { numRuns: 500 },
  );
});

test("the bounds are narrow enough to leave most vectors out", async () => {
  const dimensions = 384;
  const vector = (seed: number) =>
    directionOf(Array.from({ length: dimensions }, (_, at) => Math.sin(seed * 12.9898 + at * 78.233)));
  const codes = new QuantisedVectors(1, dimensions);
  codes.set(0, vector(1));
  const scanned = await codes.scan(quantisedQuery(vector(2)));
  expect((scanned.upper()[0] ?? 1) - scanned.lower(0)).toBeLessThan(0.02);
});

test("a vector without a length, or with a number that is none, is like nothing", () => {
  for (const vector of [
    [0, 0],
    [Number.NaN, 1],
    [Number.POSITIVE_INFINITY, 1],
  ]) {
    expect([...directionOf(vector)]).toEqual([0, 0]);
  }
});

test("equal vectors are known by their bits, whatever their hash", () => {
  const equal = new EqualVectors();
  const vectors = [
    [1, 2],
    [2, 1],
    [1, 2],
    [0, 0],
    [2, 1],
  ];
  expect(vectors.map((vector) => equal.add(Float32Array.from(vector)))).toEqual([0, 1, 0, 2, 1]);
  expect(equal.size).toBe(3);
});
