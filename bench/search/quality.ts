/** How well one list of hits answers a question. */
export interface Quality {
  /** Reciprocal rank of the first row that answers, 0 beyond the tenth. */
  readonly mrr: number;
  /** Whether an answer is among the first 1, 5 and 10. */
  readonly success: readonly [number, number, number];
  /** Share of the answers that are among the first ten, of as many as could be. */
  readonly recall: number;
}

export function qualityOf(hits: readonly number[], relevant: ReadonlySet<number>): Quality {
  const at = hits.findIndex((row) => relevant.has(row));
  const within = (rank: number) => (at >= 0 && at < rank ? 1 : 0);
  const found = hits.filter((row) => relevant.has(row)).length;
  return {
    mrr: at < 0 ? 0 : 1 / (at + 1),
    success: [within(1), within(5), within(10)],
    recall: found / Math.min(relevant.size, 10),
  };
}

export function meanQuality(all: readonly Quality[]): Quality {
  const mean = (value: (one: Quality) => number) =>
    all.reduce((sum, one) => sum + value(one), 0) / all.length;
  return {
    mrr: mean(({ mrr }) => mrr),
    success: [
      mean(({ success }) => success[0]),
      mean(({ success }) => success[1]),
      mean(({ success }) => success[2]),
    ],
    recall: mean(({ recall }) => recall),
  };
}
