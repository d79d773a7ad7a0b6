import fc from "fast-check";
import type { StoredVector } from "../../../core/collections/chroma/vector-store.ts";
import { hitsAsked, notFoundWhy } from "../../../core/findable/found.ts";
import { hitsOf } from "../../../core/search/search.ts";
import { searchRequest } from "../../../core/search/search-request.ts";
import { Snapshot } from "../../../core/search/snapshot/snapshot.ts";

const dimensions = 4;
const schema = searchRequest(dimensions);
const receiptOf = (number: number) => `IMAGE#image${number}#RECEIPT#00001`;
const repeated = [
  [1, 0, 0, 0],
  [0, 1, 1, 0],
  [1, 1, 1, 1],
];
const numbers = fc
  .array(fc.float({ min: -1, max: 1, noNaN: true }), { minLength: dimensions, maxLength: dimensions })
  .filter((vector) => Math.hypot(...vector) > 0.1);
/** Every second one, about, has the numbers of one of three texts. */
const vector = fc.oneof(fc.constantFrom(...repeated), numbers);
interface Line {
  readonly row: number;
  readonly vector: readonly number[];
}

/** The lines that a receipt has from now on; without any, it was removed. */
const lines = fc.array(fc.record({ row: fc.integer({ min: 0, max: 2 }), vector }), { maxLength: 3 });
const publish = fc.record({ receipt: fc.integer({ min: 0, max: 59 }), lines });

/** More receipts than a history of publishes changes, so that what is above the base is made one without it too. */
const base = fc.array(lines, { maxLength: 60, size: "max" });
const history = fc.array(publish, { minLength: 1, maxLength: 30, size: "max" });

function vectorsOf(receipt: number, own: readonly Line[]): StoredVector[] {
  return own.map(({ row, vector }, line) => ({
    id: `${receiptOf(receipt)}#LINE#${String(line).padStart(5, "0")}`,
    document: "x",
    metadata: { row, column: line },
    vector: Float32Array.from(vector),
  }));
}

/** The vectors that are not found by their own numbers, and why. */
async function missed(snapshot: Snapshot, all: readonly StoredVector[]): Promise<string[]> {
  const searchable = { snapshot, query: () => Promise.reject(new Error("It is exact.")) };
  const whys: string[] = [];
  for (const { id, vector } of all) {
    const request = schema.parse({ vector: [...vector], k: hitsAsked, mode: "dense" });
    const why = notFoundWhy(id, await hitsOf(searchable, request, request.vector, 0));
    if (why !== undefined) whys.push(`${id}: ${why}`);
  }
  return whys;
}

test("F44: after any history of upserts, changes and removals each vector is found by its own numbers", async () => {
  await fc.assert(
    fc.asyncProperty(base, history, async (first, publishes) => {
      const truth = new Map(first.map((own, receipt) => [receipt, vectorsOf(receipt, own)]));
      let snapshot = await Snapshot.of([...truth.values()].flat(), dimensions);
      for (const { receipt, lines } of publishes) {
        const own = vectorsOf(receipt, lines);
        truth.set(receipt, own);
        snapshot = await snapshot.with(new Set([receiptOf(receipt)]), own);
      }
      const all = [...truth.values()].flat();
      expect(snapshot.vectors).toBe(all.length);
      expect(await missed(snapshot, all)).toEqual([]);
    }),
    // Histories are long, so that parts are made one: what fails is told at once, as shrinking it would take minutes.
    { numRuns: 25, endOnFailure: true },
  );
});

test("F44: in the course of 1,000 random publishes each vector is always found by its own numbers", async () => {
  const truth = new Map<number, StoredVector[]>();
  let snapshot = await Snapshot.of([], dimensions);
  const publishes = fc.sample(fc.record({ receipt: fc.integer({ min: 0, max: 299 }), lines }), {
    numRuns: 1_000,
    seed: 44,
  });
  for (const [number, { receipt, lines }] of publishes.entries()) {
    const own = vectorsOf(receipt, lines);
    truth.set(receipt, own);
    snapshot = await snapshot.with(new Set([receiptOf(receipt)]), own);
    if (number % 100 !== 99) continue;
    const all = [...truth.values()].flat();
    expect(snapshot.vectors).toBe(all.length);
    expect(await missed(snapshot, all)).toEqual([]);
  }
  expect([...truth.values()].flat().length).toBeGreaterThan(100);
});
