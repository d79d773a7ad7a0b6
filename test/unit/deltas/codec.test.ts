import { hash } from "node:crypto";
import fc from "fast-check";
import { DeltaUnreadableError, decodeDelta, encodeDelta, encodeDeltaOf } from "../../../core/deltas/codec.ts";
import type { Delta } from "../../../core/deltas/delta.ts";
import { deltaOf } from "./delta-of.ts";

const value = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
);

const someDelta: fc.Arbitrary<Delta> = fc
  .tuple(fc.nat(8), fc.integer({ min: 1, max: 16 }), fc.constantFrom("lines" as const, "words" as const))
  .chain(([count, dimensions, collection]) =>
    fc.record({
      ids: fc.array(fc.string(), { minLength: count, maxLength: count }),
      documents: fc.array(fc.string({ unit: "binary" }), { minLength: count, maxLength: count }),
      metadatas: fc.array(
        fc.dictionary(fc.stringMatching(/^[a-z_]{1,9}$/), value, { noNullPrototype: true }),
        {
          minLength: count,
          maxLength: count,
        },
      ),
      vectors: fc.uint8Array({ minLength: count * dimensions * 4, maxLength: count * dimensions * 4 }),
      receiptId: fc.nat(),
      runId: fc.string(),
      model: fc.string(),
      textFormat: fc.string(),
      collection: fc.constant(collection),
      dimensions: fc.constant(dimensions),
    }),
  )
  .map((parts) => deltaOf(parts));

/** JSON has no negative zero. */
function comparable(delta: Delta): unknown {
  return JSON.parse(JSON.stringify({ ...delta, vectors: Buffer.from(delta.vectors).toString("base64") }));
}

test("every delta is read back as it was written", () => {
  fc.assert(
    fc.property(someDelta, (delta) => {
      expect(comparable(decodeDelta(encodeDelta(delta)))).toEqual(comparable(delta));
    }),
  );
});

test("the same delta always gives the same bytes, in one piece or in many", () => {
  const delta = deltaOf();
  const pieces = [delta.vectors.subarray(0, 12), delta.vectors.subarray(12)];
  expect(encodeDeltaOf(delta, pieces)).toEqual(encodeDelta(delta));
});

test("a receipt without vectors has a delta too", () => {
  const empty = deltaOf({ ids: [], documents: [], metadatas: [], vectors: Buffer.alloc(0) });
  expect(decodeDelta(encodeDelta(empty))).toMatchObject({ ids: [], dimensions: 3 });
});

test("no flipped bit goes unseen", () => {
  const file = encodeDelta(deltaOf());
  for (let bit = 0; bit < file.length * 8; bit++) {
    const corrupt = Buffer.from(file);
    corrupt[bit >> 3] = (corrupt[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(() => decodeDelta(corrupt)).toThrow(DeltaUnreadableError);
  }
});

test("no cut and no addition goes unseen", () => {
  const file = encodeDelta(deltaOf());
  for (let length = 0; length < file.length; length++) {
    expect(() => decodeDelta(file.subarray(0, length))).toThrow(DeltaUnreadableError);
  }
  expect(() => decodeDelta(Buffer.concat([file, Buffer.alloc(1)]))).toThrow(DeltaUnreadableError);
});

test("a later format version is named as such", () => {
  const file = encodeDelta(deltaOf());
  file.writeUInt32LE(2, 8);
  expect(() => decodeDelta(file)).toThrow("its format version is 2, not 1");
});

test("a count that the vectors do not bear out is refused although the checksum is right", () => {
  const file = encodeDelta(deltaOf());
  const longer = Buffer.concat([file.subarray(0, -32), Buffer.alloc(4)]);
  const sealed = Buffer.concat([longer, hash("sha256", longer, "buffer")]);
  expect(() => decodeDelta(sealed)).toThrow(DeltaUnreadableError);
});

test("a delta whose parts differ in count cannot be written", () => {
  expect(() => encodeDelta(deltaOf({ documents: ["one"] }))).toThrow(RangeError);
  expect(() => encodeDelta(deltaOf({ dimensions: 4 }))).toThrow(RangeError);
});
