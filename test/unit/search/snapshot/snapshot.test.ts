import fc from "fast-check";
import type { StoredVector } from "../../../../core/collections/chroma/vector-store.ts";
import { understand } from "../../../../core/receipts/search/understand.ts";
import { type Ranking, rank } from "../../../../core/search/snapshot/rank.ts";
import { Snapshot } from "../../../../core/search/snapshot/snapshot.ts";

const dimensions = 3;
const receiptOf = (number: number) => `IMAGE#image${number}#RECEIPT#00001`;

function stored(receipt: number, line: number, vector: readonly number[], document = "x"): StoredVector {
  const id = `${receiptOf(receipt)}#LINE#${String(line).padStart(5, "0")}`;
  return { id, document, metadata: { row: line, column: 0 }, vector: Float32Array.from(vector) };
}

const dense: Omit<Ranking, "vector"> = {
  text: "",
  mode: "dense",
  k: 5,
  question: undefined,
  minCosine: undefined,
  accepts: () => true,
};

const someVector = fc
  .tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 }), fc.integer({ min: 1, max: 3 }))
  .map((vector) => [...vector]);
/** Contents of a receipt, many of them with equal vectors; without any, it was removed. */
const change = fc.record({
  receipt: fc.integer({ min: 0, max: 5 }),
  vectors: fc.array(someVector, { maxLength: 4 }),
});

function cosine(one: readonly number[], other: Float32Array): number {
  const dot = one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
  return dot / (Math.hypot(...one) * Math.hypot(...other));
}

test("F44: after any history of changes and removals, the answer is what comparing every vector gives", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 30 }),
      someVector,
      async (history, query) => {
        const truth = new Map<number, StoredVector[]>();
        let snapshot = await Snapshot.of([], dimensions);
        for (const { receipt, vectors } of history) {
          const own = vectors.map((vector, line) => stored(receipt, line, vector));
          truth.set(receipt, own);
          snapshot = await snapshot.with(new Set([receiptOf(receipt)]), own);
        }
        const all = [...truth.values()].flat();
        expect(snapshot.vectors).toBe(all.length);
        const scores = all.map(({ vector }) => cosine(query, vector)).sort((a, b) => b - a);
        const found = await rank(snapshot, { ...dense, vector: query });
        expect(found).toHaveLength(Math.min(5, all.length));
        for (const [at, { score }] of found.entries()) expect(score).toBeCloseTo(scores[at] ?? Number.NaN, 5);
      },
    ),
  );
});

test("F44: each of many equal vectors is among the first hits of its own", async () => {
  const vectors = Array.from({ length: 40 }, (_, number) =>
    stored(number, 0, [1, 2, number % 2 === 0 ? 3 : number]),
  );
  const snapshot = await Snapshot.of(vectors, dimensions);
  for (const { id, vector } of vectors) {
    const found = await rank(snapshot, { ...dense, k: 40, vector: [...vector] });
    const best = found.filter(({ score }) => score > 1 - 1e-6);
    expect(best.flatMap(({ row }) => row.vectors.map((each) => each.id))).toContain(id);
  }
});

test("the lines of a row are one hit, from left to right", async () => {
  const lines = [
    { ...stored(1, 2, [1, 0, 0], "4.40"), metadata: { row: 3, column: 1 } },
    { ...stored(1, 1, [1, 0, 0], "OAT LATTE"), metadata: { row: 3, column: 0 } },
    { ...stored(1, 3, [0, 1, 0], "CINNAMON BUN"), metadata: { row: 4, column: 0 } },
  ];
  const found = await rank(await Snapshot.of(lines, dimensions), { ...dense, vector: [1, 0, 0] });
  expect(found.map(({ row }) => row.text)).toEqual(["OAT LATTE 4.40", "CINNAMON BUN"]);
});

const receipts = [
  ["SALTED ANCHOR CAFE", "14/03/2025 09:41", "OAT LATTE 4.40", "TOTAL 28.82"],
  ["LIGHTHOUSE MUSEUM", "VISIT DATE 2025-07-19", "ENAMEL MUG 11.00", "TOTAL 55.00"],
].flatMap((texts, receipt) => texts.map((text, line) => stored(receipt, line, [1, 0, 0], text)));

async function asked(text: string, more: Partial<Ranking> = {}): Promise<string[]> {
  const snapshot = await Snapshot.of(receipts, dimensions);
  const ranking = {
    ...dense,
    text,
    mode: "hybrid",
    question: understand(text),
    vector: [0, 1, 0],
    ...more,
  } as const;
  return (await rank(snapshot, ranking)).map(({ row }) => row.text);
}

test("a question for the total of a merchant is answered by the total of its receipt", async () => {
  expect((await asked("how much did I pay at the Salted Anchor Cafe"))[0]).toBe("TOTAL 28.82");
  expect((await asked("total at Lighthouse Museum"))[0]).toBe("TOTAL 55.00");
});

test("a date is found however it is written, and nothing beside it", async () => {
  expect(await asked("14 March 2025", { minCosine: 0.5 })).toEqual(["14/03/2025 09:41"]);
});

test("an amount alone finds the rows that print it, and no others", async () => {
  expect(await asked("55.00", { minCosine: 0 })).toEqual(["TOTAL 55.00"]);
});

test("what shares neither letters nor meaning with any row has no answer", async () => {
  expect(await asked("quick brown fox", { minCosine: 0.5 })).toEqual([]);
});

test("letters alone need no vector", async () => {
  expect((await asked("enamel mugs", { mode: "lexical", vector: undefined }))[0]).toBe("ENAMEL MUG 11.00");
});

test("rows that a filter does not accept are no hits", async () => {
  expect(await asked("total", { accepts: ({ documentKey }) => documentKey === receiptOf(1) })).not.toContain(
    "TOTAL 28.82",
  );
});
