import { randomFrom } from "../../../../bench/random.ts";
import type { StoredVector } from "../../../../core/collections/chroma/vector-store.ts";
import { directionOf, exactProduct } from "../../../../core/search/scan/directions.ts";
import { QuantisedVectors } from "../../../../core/search/scan/quantised.ts";
import { coverageWeight, type Ranking, rank } from "../../../../core/search/snapshot/rank.ts";
import { Snapshot } from "../../../../core/search/snapshot/snapshot.ts";

const dimensions = 48;
const count = 3_000;
const random = randomFrom(44);
const numbers = () => Array.from({ length: dimensions }, () => random() * 2 - 1);
/** Half of the vectors are those of ten texts, and half of the rest lie close beside one of them. */
const repeated = Array.from({ length: 10 }, numbers);
const words = ["oat", "latte", "bun", "total", "cash", "anchor", "milk"];

function vectorAt(at: number): number[] {
  const text = repeated[Math.floor(random() * repeated.length)] ?? [];
  if (at % 2 === 0) return text;
  return at % 4 === 1 ? text.map((value) => value + 0.01 * (random() - 0.5)) : numbers();
}

const stored = Array.from({ length: count }, (_, at): StoredVector => {
  const receipt = `IMAGE#image${String(Math.floor(at / 7)).padStart(4, "0")}#RECEIPT#00001`;
  return {
    id: `${receipt}#LINE#${String(at % 7).padStart(5, "0")}`,
    document: `${words[Math.floor(random() * words.length)]} ${words[Math.floor(random() * words.length)]}`,
    metadata: { row: at % 7, column: 0, merchant_name: `merchant ${Math.floor(at / 7) % 5}` },
    vector: Float32Array.from(vectorAt(at)),
  };
});

const queries = [...repeated.slice(0, 4), numbers(), numbers(), (repeated[0] ?? []).map((value) => -value)];

/** What comparing every vector with the query gives, without a bound. */
async function comparingAll(snapshot: Snapshot, ranking: Ranking): Promise<string[]> {
  const query = directionOf(ranking.vector ?? []);
  const weighed = snapshot.weigh(ranking.text);
  const rows = snapshot.parts.flatMap(({ part, live }) => {
    const coverages = part.index.coverage(weighed);
    return part.rows.flatMap((row, number) => {
      if (!live[number] || !ranking.accepts(row, part.heads.get(row.documentKey))) return [];
      const cosine = Math.max(
        ...row.vectors.map(({ vector }) => exactProduct(query, Float32Array.from(vector), 0)),
      );
      const coverage = coverages[number] ?? 0;
      if (ranking.minCosine !== undefined && coverage < 0.25 && cosine < ranking.minCosine) return [];
      const score = ranking.mode === "dense" ? cosine : cosine + coverageWeight * coverage;
      return [{ id: row.vectors[0]?.id ?? "", receipt: row.documentKey, position: row.position, score }];
    });
  });
  return rows
    .sort(
      (one, other) =>
        other.score - one.score ||
        (one.receipt < other.receipt ? -1 : one.receipt > other.receipt ? 1 : one.position - other.position),
    )
    .slice(0, ranking.k)
    .map(({ id }) => id);
}

const ofMerchant = { anyOf: ["merchant_name"], equals: "merchant 3" } as const;
const cases: readonly [string, Partial<Ranking>][] = [
  ["dense", { mode: "dense" }],
  ["hybrid", { text: "oat latte" }],
  ["hybrid, with a floor", { text: "oat milk", minCosine: 0.6 }],
  [
    "hybrid, of one merchant",
    {
      text: "total cash",
      terms: [ofMerchant],
      accepts: (row) => row.vectors.some(({ metadata }) => metadata.merchant_name === ofMerchant.equals),
    },
  ],
];

test.each(cases)("F44: %s, the best of many are exactly those of comparing all", async (_, more) => {
  const base = await Snapshot.of(stored, dimensions);
  const first = stored.slice(0, 700).map((each) => ({ ...each, vector: Float32Array.from(numbers()) }));
  const receipts = new Set(first.map(({ id }) => id.split("#LINE")[0] ?? ""));
  for (const snapshot of [base, await base.with(receipts, first)]) {
    const scans = jest.spyOn(QuantisedVectors.prototype, "scan");
    for (const vector of queries) {
      const ranking: Ranking = {
        text: "",
        vector,
        mode: "hybrid",
        k: 10,
        question: undefined,
        minCosine: undefined,
        accepts: () => true,
        ...more,
      };
      const found = await rank(snapshot, ranking);
      expect(found.map(({ row }) => row.vectors[0]?.id)).toEqual(await comparingAll(snapshot, ranking));
    }
    if (more.terms === undefined) expect(scans).toHaveBeenCalled();
    scans.mockRestore();
  }
});
