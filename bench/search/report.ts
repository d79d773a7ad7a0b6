import { meanQuality, type Quality } from "./quality.ts";
import { type ListName, listNames } from "./rankings.ts";

/** Of one kind of question, the qualities of each list, question by question. */
export interface KindResult {
  readonly kind: string;
  readonly lists: Readonly<Record<ListName, readonly Quality[]>>;
}

/** A kind on which the default mode may trail the best single list by so much. */
const allowance = 0.03;
const single = ["dense", "BM25", "trigrams"] as const;

export function reportLines(results: readonly KindResult[]): string[] {
  const rows = results.map(({ kind, lists }) => [
    kind,
    String(lists.default.length),
    ...listNames.map((name) => meanQuality(lists[name]).mrr.toFixed(2)),
    ...summary(lists.default),
  ]);
  const ofKinds = (name: ListName) => mean(results.map(({ lists }) => meanQuality(lists[name]).mrr));
  const all = results.flatMap(({ lists }) => lists.default);
  const means = [
    "mean of kinds",
    String(all.length),
    ...listNames.map((name) => ofKinds(name).toFixed(3)),
    ...summary(all),
  ];
  const head = ["MRR@10 by kind", "n", ...listNames, "@1", "@5", "@10", "recall"];
  return [...aligned([head, ...rows, means]), "", ...trailing(results)];
}

/** Kinds on which a single list is better than the default by more than what is allowed. */
export function trailing(results: readonly KindResult[]): string[] {
  return results.flatMap(({ kind, lists }) => {
    const own = meanQuality(lists.default).mrr;
    const best = single
      .map((name) => ({ name, mrr: meanQuality(lists[name]).mrr }))
      .reduce((one, other) => (other.mrr > one.mrr ? other : one));
    return best.mrr - own > allowance
      ? [`"${kind}": ${best.name} alone is better, ${best.mrr.toFixed(2)} against ${own.toFixed(2)}`]
      : [];
  });
}

function summary(qualities: readonly Quality[]): string[] {
  const { success, recall } = meanQuality(qualities);
  return [...success, recall].map((value) => value.toFixed(2));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  "),
  );
}
