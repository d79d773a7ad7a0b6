import { median } from "../statistics.ts";
import type { Figures } from "./run.ts";

export interface Pair {
  readonly before: Figures;
  readonly now: Figures;
}

/** A line per figure: the medians, their ratio, and the least and greatest ratio of any pair. */
export function pairedLines(pairs: readonly Pair[]): string[] {
  const names = [...new Set(pairs.flatMap(({ before, now }) => [...before.keys(), ...now.keys()]))];
  const width = Math.max(...names.map(({ length }) => length), "figure".length);
  const line = (name: string, cells: readonly string[]) =>
    name.padEnd(width) + cells.map((cell) => cell.padStart(12)).join("");
  return [
    line("figure", ["before", "now", "ratio", "least", "greatest"]),
    ...names.map((name) => {
      const both = pairs.flatMap(({ before, now }) => {
        const [one, other] = [before.get(name), now.get(name)];
        return one === undefined || other === undefined ? [] : [[one, other] as const];
      });
      if (both.length < pairs.length) return line(name, ["not printed by every run"]);
      const [before, now] = [median(both.map(([one]) => one)), median(both.map(([, other]) => other))];
      const ratios = both.map(([one, other]) => other / one);
      const cells = [before, now, now / before, Math.min(...ratios), Math.max(...ratios)];
      return line(
        name,
        cells.map((cell) => cell.toFixed(cell < 100 ? 3 : 0)),
      );
    }),
  ];
}
