import fc from "fast-check";
import { upsertBody } from "../../../core/catchup/index/upsert-body.ts";

const decimals = 1e8;
const rounded = (value: number) => Math.round(value * decimals) / decimals;
/** Numbers as a model gives them, others of the same size, and any. */
const value = fc.oneof(
  fc.double({ min: -1, max: 1, noNaN: true }).map(rounded),
  fc.integer({ min: -decimals, max: decimals }).map((number) => number / decimals),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(rounded).filter(Number.isFinite),
  fc.constantFrom(0, 1, -1, 0.5, 1e-8, -1e-8, 0.99999999, -0.99999999, 12.5),
);
const cell = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
);
const vector = fc.record({
  id: fc.string({ unit: "grapheme" }),
  values: fc.array(value, { maxLength: 20 }),
  metadata: fc.dictionary(fc.string(), cell, { noNullPrototype: true }),
});

test("the body of an upsert says what JSON.stringify would, number by number", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.array(vector, { maxLength: 5 }), (namespace, vectors) => {
      const expected = JSON.parse(JSON.stringify({ vectors, namespace }));
      expect(JSON.parse(upsertBody(namespace, vectors).toString())).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test("a number takes no more room than batches are cut by", () => {
  const values = Array.from({ length: 1_000 }, (_, at) => -0.12345678 - at * 1e-5);
  const { length } = upsertBody("v2", [{ id: "1", values, metadata: {} }]);
  expect(length).toBeLessThanOrEqual(values.length * 12 + 80);
});
