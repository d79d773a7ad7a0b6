/** How well one list of hits answers a question. */
export interface ImageQuality {
  /** Normalized discounted cumulative gain of the first ten, with relevance 0 or 1. */
  readonly ndcg: number;
  /** Reciprocal rank of the first image that answers, 0 beyond the tenth. */
  readonly mrr: number;
}

const depth = 10;

export function imageQuality(hits: readonly string[], relevant: ReadonlySet<string>): ImageQuality {
  const shown = hits.slice(0, depth);
  const gain = (rank: number) => 1 / Math.log2(rank + 2);
  const found = shown.reduce((sum, hit, rank) => sum + (relevant.has(hit) ? gain(rank) : 0), 0);
  const ideal = Array.from({ length: Math.min(depth, relevant.size) }, (_, rank) => gain(rank));
  const first = shown.findIndex((hit) => relevant.has(hit));
  return { ndcg: found / ideal.reduce((sum, one) => sum + one, 0), mrr: first < 0 ? 0 : 1 / (first + 1) };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The 95 % interval of the mean difference of pairs, by resampling questions. */
export function pairedBootstrap(
  differences: readonly number[],
  random: () => number,
  samples = 10_000,
): Interval {
  const means = Array.from({ length: samples }, () =>
    mean(differences.map(() => differences[Math.floor(random() * differences.length)] ?? 0)),
  ).sort((one, other) => one - other);
  return { low: means[Math.floor(samples * 0.025)] ?? 0, high: means[Math.ceil(samples * 0.975) - 1] ?? 0 };
}
