import fc from "fast-check";
import { decodeVectors, encodeVectors } from "../../../core/catchup/chunks/stored-vectors.ts";

const space = { model: "m", dimensions: 2 };
const vectors = new Map([
  ["one", new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8])],
  ["two 😀", new Uint8Array([9, 8, 7, 6, 5, 4, 3, 2])],
]);
const file = encodeVectors(vectors, space);

function decoded(bytes: Uint8Array | undefined, texts: readonly string[] = [...vectors.keys()], of = space) {
  return new Map(
    [...decodeVectors(bytes, texts, of)].map(([text, vector]) => [text, new Uint8Array(vector)]),
  );
}

test("what was stored is found by its text, and nothing else", () => {
  expect(decoded(file)).toEqual(vectors);
  expect(decoded(file, ["two 😀", "three"])).toEqual(new Map([...vectors].slice(1)));
  expect(decoded(encodeVectors(new Map(), space))).toEqual(new Map());
});

test("a file that stands in a larger buffer is read from where it begins", () => {
  const larger = Buffer.concat([Buffer.alloc(3), file]);
  expect(decoded(larger.subarray(3))).toEqual(vectors);
});

test("a flipped bit never yields a vector", () => {
  fc.assert(
    fc.property(fc.nat({ max: file.length * 8 - 1 }), (bit) => {
      const corrupt = Buffer.from(file);
      corrupt.writeUInt8(corrupt.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(decoded(corrupt).size).toBe(0);
    }),
  );
});

test("a file that is cut off anywhere, or not there, has no vectors", () => {
  for (let length = 0; length < file.length; length += 1) {
    expect(decoded(file.subarray(0, length)).size).toBe(0);
  }
  expect(decoded(undefined).size).toBe(0);
});

test("a stack of another model or other dimensions reads none of them", () => {
  expect(decoded(file, undefined, { ...space, model: "other" }).size).toBe(0);
  expect(decoded(file, undefined, { ...space, dimensions: 4 }).size).toBe(0);
});
