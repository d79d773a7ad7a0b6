import fc from "fast-check";
import type { DeltaPart } from "../../../../core/collections/chroma/vector-store.ts";
import { maxBytes, maxVectors, SliceBuilder } from "../../../../core/collections/merge/delta-batches.ts";
import type { Delta, VectorMetadata } from "../../../../core/deltas/delta.ts";
import { sampled } from "../../../faults/seeds.ts";
import { deltaOf } from "../sample-deltas.ts";

const chromaMaxBytes = 40 * 1024 * 1024;

interface Vector {
  readonly dimensions: number;
  readonly id: string;
  readonly document: string;
  readonly metadata: VectorMetadata;
}

/** A delta of `count` equal vectors; their numbers do not matter here. */
function repeated({ dimensions, id, document, metadata }: Vector, count: number): Delta {
  return {
    ...deltaOf(1, "run", []),
    dimensions,
    ids: new Array<string>(count).fill(id),
    documents: new Array<string>(count).fill(document),
    metadatas: new Array<VectorMetadata>(count).fill(metadata),
  };
}

/** The size of a vector in a request's body, with its commas. */
function bytesOf({ dimensions, id, document, metadata }: Vector): number {
  const records = [id, document, metadata].map((one) => JSON.stringify(one)).join();
  return Buffer.byteLength(records) + 4 * Math.ceil((dimensions * 4) / 3) + 4;
}

function slicesOf(deltas: readonly Delta[]): DeltaPart[][] {
  const builder = new SliceBuilder();
  return [...deltas.flatMap((delta) => [...builder.add(delta)]), ...builder.rest()];
}

const ranges = (slices: readonly DeltaPart[][]) =>
  slices.map((slice) => slice.map(({ from, to }) => [from, to]));
const sizeOf = (slice: readonly DeltaPart[]) => slice.reduce((sum, { from, to }) => sum + to - from, 0);

const small: Vector = { dimensions: 8, id: "id", document: "milk", metadata: { text: "milk", x: 0.5 } };
const numbers = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`x${n}`, 0.1234567890123456]));
const shortTexts = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`text${n}`, "パ".repeat(39)]));
const longText = "long ".repeat(2_000);

describe("slices of deltas", () => {
  test("hold every vector once, in order, cut no delta that fits, and stay within what Chroma takes", () => {
    const vector = fc.record({
      dimensions: fc.constantFrom(8, 512, 1536, 4096),
      id: fc.constant("id"),
      document: fc.constantFrom("", "milk", 'Brötchen 🥖 "fresh"', "long ".repeat(300), longText),
      metadata: fc.constantFrom({}, small.metadata, { text: longText, line_id: 1 }),
    });
    const count = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 2 * maxVectors + 1 }));
    fc.assert(
      fc.property(vector, fc.array(count, { maxLength: 5 }), (of, counts) => {
        const deltas = counts.map((size) => repeated(of, size));
        const slices = slicesOf(deltas);
        // One assertion for all parts: there may be as many as vectors, and many attempts to find a smaller case.
        const covered = new Map(deltas.map((delta) => [delta, 0]));
        const outOfOrder = slices.flat().filter(({ delta, from, to }) => {
          const expected = covered.get(delta);
          covered.set(delta, to);
          return from !== expected;
        });
        const each = bytesOf(of);
        const tooLarge = slices.filter(
          (slice) => sizeOf(slice) > maxVectors || sizeOf(slice) * each >= chromaMaxBytes,
        );
        const cutForNothing = slices.flat().filter(({ delta, from, to }) => {
          const isLarge = delta.ids.length > maxVectors || delta.ids.length * each > 0.75 * maxBytes;
          return to - from < delta.ids.length && !isLarge;
        });
        const empty = slices.filter((slice) => slice.length === 0);
        expect([...covered.values()]).toEqual(counts);
        expect([outOfOrder, tooLarge, cutForNothing, empty].map(({ length }) => length)).toEqual([
          0, 0, 0, 0,
        ]);
      }),
      { numRuns: sampled(60) },
    );
  });

  test("hold as many vectors as a request may, whether of one delta or of several", () => {
    expect(ranges(slicesOf([repeated(small, 2 * maxVectors + 1)]))).toEqual([
      [[0, maxVectors]],
      [[maxVectors, 2 * maxVectors]],
      [[2 * maxVectors, 2 * maxVectors + 1]],
    ]);
    const [large, few] = [repeated(small, 2 * maxVectors + 1), repeated(small, 10)];
    expect(ranges(slicesOf([large, few])).at(-1)).toEqual([
      [2 * maxVectors, 2 * maxVectors + 1],
      [0, 10],
    ]);
    const [some, others] = [repeated(small, 1_000), repeated(small, maxVectors - 1_000)];
    expect(ranges(slicesOf([some, others, some]))).toEqual([
      [
        [0, 1_000],
        [0, maxVectors - 1_000],
      ],
      [[0, 1_000]],
    ]);
    const oneMore = repeated(small, maxVectors - 999);
    expect(ranges(slicesOf([some, oneMore, some]))).toEqual([
      [[0, 1_000]],
      [[0, maxVectors - 999]],
      [[0, 1_000]],
    ]);
  });

  test.each<[what: string, of: Partial<Vector>, filled: number]>([
    ["numbers of vectors", { dimensions: 2_500 }, 0.99],
    ["long ids", { id: longText }, 0.75],
    ["long documents", { document: longText }, 0.75],
    ["long documents in another script", { document: "パン".repeat(3_000) }, 0.75],
    ["long values", { metadata: { text: longText } }, 0.75],
    ["long keys", { metadata: { [longText]: 1 } }, 0.99],
    ["numbers in metadata", { metadata: numbers }, 0.8],
    ["short values", { metadata: shortTexts }, 0.75],
  ])("are full, and no larger than a request may be, where %s take the space", (_, changes, filled) => {
    const of = { ...small, id: "i", document: "", metadata: {}, ...changes };
    const fitting = maxBytes / bytesOf(of);
    const whole = slicesOf([repeated(of, maxVectors)]);
    const oneByOne = slicesOf(Array.from({ length: maxVectors }, () => repeated(of, 1)));
    for (const slices of [whole, oneByOne]) {
      expect(slices.length).toBeGreaterThan(1);
      const sizes = slices.map(sizeOf);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(fitting);
      expect(Math.min(...sizes.slice(0, -1))).toBeGreaterThanOrEqual(Math.floor(filled * fitting));
    }
  });

  test("a vector larger than a request is in a slice of its own", () => {
    const large = { ...small, document: "x".repeat(maxBytes) };
    expect(ranges(slicesOf([repeated(large, 3)]))).toEqual([[[0, 1]], [[1, 2]], [[2, 3]]]);
    expect(ranges(slicesOf([repeated(small, 1), repeated(large, 1)]))).toEqual([[[0, 1]], [[0, 1]]]);
  });

  test("without deltas there is none, and a delta without vectors is part of one", () => {
    expect(slicesOf([])).toEqual([]);
    expect(ranges(slicesOf([repeated(small, 0), repeated(small, 2)]))).toEqual([
      [
        [0, 0],
        [0, 2],
      ],
    ]);
  });
});
