import fc from "fast-check";
import type { StoredVector } from "../../../../core/collections/chroma/vector-store.ts";
import { directionOf } from "../../../../core/search/scan/directions.ts";
import { type Ranking, rank } from "../../../../core/search/snapshot/rank.ts";
import { RowsByValue } from "../../../../core/search/snapshot/rows-by-value.ts";
import { Snapshot } from "../../../../core/search/snapshot/snapshot.ts";
import { SnapshotPart } from "../../../../core/search/snapshot/snapshot-part.ts";

const dimensions = 3;
const receiptOf = (number: number) => `IMAGE#image${number}#RECEIPT#00001`;

interface Content {
  readonly lines: number;
  readonly text: string;
  readonly label: string;
  readonly merchant: string;
  readonly number: number;
}

function vectorsOf(receipt: number, { lines, text, label, merchant, number }: Content): StoredVector[] {
  return Array.from({ length: lines }, (_, line) => ({
    id: `${receiptOf(receipt)}#LINE#${String(line).padStart(5, "0")}`,
    document: `${text} ${line}`,
    metadata: { row: line, column: 0, label, merchant_name: merchant },
    vector: Float32Array.of(line + 1, number, 1),
  }));
}

const everything: Ranking = {
  text: "",
  vector: [1, 0, 0],
  mode: "dense",
  k: 1_000,
  question: undefined,
  minCosine: undefined,
  accepts: () => true,
};

const withLabel = (label: string) => ({
  ...everything,
  terms: [{ anyOf: ["label"], equals: label }] as const,
  accepts: ({ vectors }: { vectors: readonly Pick<StoredVector, "metadata">[] }) =>
    vectors.some(({ metadata }) => metadata.label === label),
});

async function idsWith(snapshot: Snapshot, label: string): Promise<string[]> {
  const found = await rank(snapshot, withLabel(label));
  return found.flatMap(({ row }) => row.vectors.map(({ id }) => id)).sort();
}

const content = fc.record({
  lines: fc.integer({ min: 0, max: 3 }),
  text: fc.constantFrom("TEA", "COFFEE"),
  label: fc.constantFrom("A", "B", "C"),
  merchant: fc.constantFrom("", "Salted Anchor"),
  number: fc.constantFrom(1, 2),
});
const step = fc.array(fc.record({ receipt: fc.integer({ min: 0, max: 5 }), content }), { maxLength: 4 });

test("F44: after any history of labels, contents and removals, filters and names find what the newest state has", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (history) => {
      const truth = new Map<number, Content>();
      let snapshot = await Snapshot.of([], dimensions);
      for (const changes of history) {
        const newest = new Map(changes.map(({ receipt, content: own }) => [receipt, own]));
        for (const [receipt, own] of newest) truth.set(receipt, own);
        snapshot = await snapshot.with(
          new Set([...newest.keys()].map(receiptOf)),
          [...newest].flatMap(([receipt, own]) => vectorsOf(receipt, own)),
        );
        // So that the indexes exist before the next change.
        await idsWith(snapshot, "A");
      }
      const all = [...truth].flatMap(([receipt, own]) => vectorsOf(receipt, own));
      for (const label of ["A", "B", "C"]) {
        const expected = all.filter(({ metadata }) => metadata.label === label).map(({ id }) => id);
        expect(await idsWith(snapshot, label)).toEqual(expected.sort());
      }
      expect(snapshot.vectors).toBe(all.length);
      for (const { id, metadata, document, vector } of all) {
        expect(snapshot.vector(id)).toMatchObject({ metadata, document, vector: directionOf(vector) });
      }
      const named = [...truth].filter(([, { merchant, lines }]) => merchant !== "" && lines > 0);
      expect([...snapshot.documentsNamed("salted anchor", 0.99).keys()].sort()).toEqual(
        named.map(([receipt]) => receiptOf(receipt)).sort(),
      );
    }),
  );
});

const tea: Content = { lines: 3, text: "TEA", label: "A", merchant: "", number: 1 };
const receipts = Array.from({ length: 40 }, (_, receipt) => vectorsOf(receipt, tea));

test("a label prepares no vector and no text again, whether its vectors are those in memory or read again", async () => {
  const first = await Snapshot.of(receipts.flat(), dimensions);
  const prepared = jest.spyOn(SnapshotPart, "of");
  const key = receiptOf(7);
  const held = first.vectorsOf(key).map((vector) => ({
    ...{ id: vector.id, document: vector.document, vector: vector.vector },
    metadata: { ...vector.metadata, label: "B" },
  }));
  const second = await first.with(new Set([key]), held);
  const third = await second.with(new Set([receiptOf(8)]), vectorsOf(8, { ...tea, label: "C" }));
  expect(prepared).not.toHaveBeenCalled();
  prepared.mockRestore();
  expect(third.parts).toHaveLength(1);
  expect(third.parts[0]?.part.matrix).toBe(first.parts[0]?.part.matrix);
  expect([await idsWith(third, "B"), await idsWith(third, "C")].map(({ length }) => length)).toEqual([3, 3]);
  expect(await idsWith(first, "A")).toHaveLength(120);
});

test("new contents are merged with parts of about their size, and leave larger ones as they are", async () => {
  let snapshot = await Snapshot.of(receipts.flat(), dimensions);
  const base = snapshot.parts[0]?.part;
  for (let receipt = 100; receipt < 112; receipt++) {
    snapshot = await snapshot.with(new Set([receiptOf(receipt)]), vectorsOf(receipt, tea));
    expect(snapshot.parts.length).toBeLessThanOrEqual(8);
    expect(snapshot.parts[0]?.part).toBe(base);
  }
  for (let receipt = 0; receipt < 40; receipt++) {
    const coffee = vectorsOf(receipt, { ...tea, text: "COFFEE" });
    snapshot = await snapshot.with(new Set([receiptOf(receipt)]), coffee);
  }
  // Of the first part no row is left.
  expect(snapshot.parts.map(({ part }) => part)).not.toContain(base);
  expect(snapshot.vectors).toBe(52 * 3);
});

test("the rows that have a value are the same as those of a rebuilt index", () => {
  const values = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 });
  const rows = fc.array(values, { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(rows, fc.array(fc.tuple(fc.nat(7), values), { maxLength: 12 }), (first, changes) => {
      const now = [...first];
      let index = RowsByValue.of(now.entries());
      for (const [at, gained] of changes) {
        const row = at % now.length;
        index = index.changed([[row, now[row] ?? [], gained]]);
        now[row] = gained;
      }
      const rebuilt = RowsByValue.of(now.entries());
      for (const value of ["a", "b", "c"]) expect(index.with(value)).toEqual(rebuilt.with(value));
    }),
  );
});
