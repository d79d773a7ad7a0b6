import fc from "fast-check";
import { upsertBody } from "../../../core/catchup/index/pinecone/upsert-body.ts";
import { bytesPerNumber } from "../../../core/catchup/index/vectors-json.ts";

/** Numbers as a model gives them, others of the same size, and any of a float32. */
const value = fc.oneof(
  fc.float({ min: -1, max: 1, noNaN: true }),
  fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(-1e20), max: Math.fround(1e20) }),
  fc.constantFrom(0, -0, 1, -1, 0.5, 1e-8, -1e-8, 0.99999999, -0.99999999, 12.5),
);
const cell = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
);
const vector = fc.record({
  id: fc.string({ unit: "grapheme" }),
  values: fc.array(value, { maxLength: 20 }).map((values) => Float32Array.from(values)),
  /** Where in a buffer the bytes lie. */
  offset: fc.integer({ min: 0, max: 5 }),
  metadata: fc.dictionary(fc.string(), cell, { noNullPrototype: true }),
});

function bytesAt(offset: number, values: Float32Array): Uint8Array {
  const buffer = new Uint8Array(offset + values.byteLength);
  buffer.set(new Uint8Array(values.buffer), offset);
  return buffer.subarray(offset);
}

test("a body is JSON of ids, metadata and numbers that are right to eight decimals, wherever their bytes lie", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.array(vector, { maxLength: 5 }), (namespace, vectors) => {
      const body = upsertBody(
        namespace,
        vectors.map(({ id, values, offset, metadata }) => ({
          id,
          vector: bytesAt(offset, values),
          metadata,
        })),
      );
      const said = JSON.parse(body.toString());
      expect(said.namespace).toBe(namespace);
      expect(said.vectors).toHaveLength(vectors.length);
      vectors.forEach(({ id, values, metadata }, at) => {
        const { values: numbers, ...rest } = said.vectors[at];
        expect(rest).toEqual(JSON.parse(JSON.stringify({ id, metadata })));
        expect(numbers).toHaveLength(values.length);
        values.forEach((number, place) => {
          expect(Math.abs(numbers[place] - number)).toBeLessThanOrEqual(5.001e-9 + Math.abs(number) * 1e-15);
        });
      });
    }),
    { numRuns: 300 },
  );
});

test("a number takes no more room than batches are cut by", () => {
  const values = Float32Array.from({ length: 1_000 }, (_, at) => -0.12345678 - at * 1e-5);
  const { length } = upsertBody("v2", [{ id: "1", vector: bytesAt(0, values), metadata: {} }]);
  expect(length).toBeLessThanOrEqual(values.length * bytesPerNumber + 80);
});
