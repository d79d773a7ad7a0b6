import type { StoredVector, VectorStore } from "../../../../core/collections/chroma/vector-store.ts";
import {
  isSameVector,
  partsThatDiffer,
  vectorAt,
} from "../../../../core/collections/merge/parts-that-differ.ts";
import type { Delta } from "../../../../core/deltas/delta.ts";
import { deltaOf } from "../sample-deltas.ts";

const delta = deltaOf(1, "run", ["milk", "bread", "eggs", "oil", "tea"]);

/** As a store holds the vectors of a delta, with some of them changed. */
function storedOf(of: Delta, changes: Record<number, Partial<StoredVector>> = {}): StoredVector[] {
  return of.ids.map((id, position) => ({
    id,
    document: of.documents[position] ?? "",
    metadata: of.metadatas[position] ?? {},
    vector: vectorAt(of, position),
    ...changes[position],
  }));
}

/** Ranges of the delta that have to be written over what is stored. */
async function ranges(stored: readonly StoredVector[], from = 0, to = delta.ids.length) {
  const read: string[][] = [];
  const store = {
    read: async (ids: readonly string[]) => {
      read.push([...ids]);
      return stored.filter(({ id }) => ids.includes(id));
    },
  } as unknown as VectorStore;
  const existing = new Set(stored.map(({ id }) => id));
  const parts = await partsThatDiffer(store, [{ delta, from, to }], existing);
  return { ranges: parts.map((part) => [part.from, part.to]), read };
}

test("of what is stored as it is, nothing is left", async () => {
  expect(await ranges(storedOf(delta))).toEqual({ ranges: [], read: [[...delta.ids]] });
});

test("where nothing is stored, the part is whole, and nothing is read", async () => {
  expect(await ranges([])).toEqual({ ranges: [[0, 5]], read: [] });
  expect(await ranges([], 2, 2)).toEqual({ ranges: [], read: [] });
});

test("only what is in the part is compared", async () => {
  expect(await ranges(storedOf(delta), 1, 3)).toEqual({ ranges: [], read: [delta.ids.slice(1, 3)] });
});

test("what differs is left in ranges as long as they can be, the last one too", async () => {
  const changes = { 1: { document: "butter" }, 2: { document: "ham" }, 4: { document: "coffee" } };
  expect((await ranges(storedOf(delta, changes))).ranges).toEqual([
    [1, 3],
    [4, 5],
  ]);
  expect((await ranges(storedOf(delta).slice(1))).ranges).toEqual([[0, 1]]);
});

test("values that embedding writes count, with Chroma's last digits aside; facts do not", async () => {
  const [own = {}] = delta.metadatas;
  const at = (metadata: Record<string, unknown>) =>
    ranges(storedOf(delta, { 0: { metadata: metadata as StoredVector["metadata"] } }));
  expect((await at({ ...own, x: 0.5 + 1e-14 })).ranges).toEqual([]);
  expect((await at({ ...own, x: 0.51 })).ranges).toEqual([[0, 1]]);
  expect((await at({ ...own, text: "butter" })).ranges).toEqual([[0, 1]]);
  expect((await at({ ...own, merchant_name: "CAFE" })).ranges).toEqual([]);
});

test("vectors are the same up to the last digits, relative to their length", () => {
  const one = new Float32Array([300, 400]);
  expect(isSameVector(new Float32Array([300.001, 400]), one)).toBe(true);
  expect(isSameVector(new Float32Array([300.1, 400]), one)).toBe(false);
  expect(isSameVector(new Float32Array([-300, -400]), one)).toBe(false);
  expect(isSameVector(new Float32Array([300, 400, 0]), one)).toBe(false);
  expect(isSameVector(new Float32Array([300]), one)).toBe(false);
  expect(isSameVector(new Float32Array([0, 0]), new Float32Array([0, 0]))).toBe(true);
});

test("a vector is read at its position, also inside a larger buffer that is not aligned", () => {
  expect([...vectorAt(delta, 1)]).toEqual([...vectorAt(deltaOf(1, "run", ["bread"]), 0)]);
});
