import { understand } from "../../core/receipts/search/understand.ts";
import { rank, type SearchMode } from "../../core/search/snapshot/rank.ts";
import { Snapshot } from "../../core/search/snapshot/snapshot.ts";
import { Bm25 } from "./bm25.ts";
import type { CorpusRow } from "./corpus.ts";

export const listNames = ["dense", "BM25", "trigrams", "hybrid", "default"] as const;
export type ListName = (typeof listNames)[number];

/** Numbers of the best ten rows, best first. */
export type Ranker = (question: string, vector: readonly number[]) => Promise<number[]>;

const hits = 10;
const modes: Readonly<Record<Exclude<ListName, "BM25">, { mode: SearchMode; understands: boolean }>> = {
  dense: { mode: "dense", understands: false },
  trigrams: { mode: "lexical", understands: false },
  hybrid: { mode: "hybrid", understands: false },
  default: { mode: "hybrid", understands: true },
};

/** Every list over the same rows and vectors; all but BM25 are the product's own code. */
export async function rankers(
  rows: readonly CorpusRow[],
  vectors: readonly Float32Array[],
): Promise<Record<ListName, Ranker>> {
  const dimensions = vectors[0]?.length ?? 0;
  const snapshot = await Snapshot.of(
    rows.map((row, index) => ({
      id: idOf(row),
      document: row.text,
      metadata: { row: row.position, column: 0 },
      vector: vectors[index] ?? new Float32Array(dimensions),
    })),
    dimensions,
  );
  const numbers = new Map(rows.map((row) => [idOf(row), row.number]));
  const bm25 = new Bm25(rows.map(({ text }) => text));
  const ofProduct =
    ({ mode, understands }: { mode: SearchMode; understands: boolean }): Ranker =>
    async (text, vector) => {
      const ranked = await rank(snapshot, {
        text,
        vector: mode === "lexical" ? undefined : vector,
        mode,
        k: hits,
        question: understands ? understand(text) : undefined,
        minCosine: undefined,
        accepts: () => true,
      });
      return ranked.map(({ row }) => numbers.get(row.vectors[0]?.id ?? "") ?? -1);
    };
  return {
    dense: ofProduct(modes.dense),
    BM25: async (text) => best(bm25.scores(text)),
    trigrams: ofProduct(modes.trigrams),
    hybrid: ofProduct(modes.hybrid),
    default: ofProduct(modes.default),
  };
}

function idOf(row: CorpusRow): string {
  return `${row.receipt}#LINE#${String(row.position).padStart(5, "0")}`;
}

function best(scores: Float32Array): number[] {
  return [...scores.keys()]
    .filter((row) => (scores[row] ?? 0) > 0)
    .sort((one, other) => (scores[other] ?? 0) - (scores[one] ?? 0) || one - other)
    .slice(0, hits);
}
