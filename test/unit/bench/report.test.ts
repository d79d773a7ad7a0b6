import type { ContenderName } from "../../../bench/contenders/names.ts";
import type { Measurement } from "../../../bench/measure.ts";
import { table, verdicts } from "../../../bench/report.ts";
import { median } from "../../../bench/statistics.ts";

function rounds(speeds: Record<ContenderName, readonly number[]>): Measurement[] {
  return Object.entries(speeds).flatMap(([contender, of]) =>
    of.map((recordsPerSecond, index) => ({
      sink: "chroma" as const,
      round: index + 1,
      contender: contender as ContenderName,
      recordsPerSecond,
      seconds: 1,
      cpuSeconds: 1,
      peakMemory: 100_000_000,
    })),
  );
}

describe("the benchmark's report", () => {
  it("takes the middle round, or the mean of the two in the middle", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it("measures the product's median by the bare loop's and by the faster peer's", () => {
    const measured = rounds({
      bare: [1_000, 1_200, 100],
      langchain: [700, 800, 9_000],
      mastra: [500, 500, 500],
      product: [950, 990, 5],
    });
    expect(verdicts("chroma", measured)).toEqual([
      { pass: true, text: "pass  into Chroma: 0.95 of the bare loop, target 0.95" },
      { pass: true, text: "pass  into Chroma: 1.19 of the best peer, target 1.15" },
    ]);
  });

  it("fails a target that is just missed", () => {
    const measured = rounds({ bare: [1_000], langchain: [890], mastra: [10], product: [949] });
    expect(verdicts("chroma", measured).map(({ pass }) => pass)).toEqual([false, false]);
  });

  it("prints every round of every contender", () => {
    const printed = table(
      "null",
      rounds({ bare: [1, 2], langchain: [3, 4], mastra: [5, 6], product: [7, 8] }),
    );
    expect(printed.split("\n").map((line) => line.split(/ {3}/).at(-1)?.trim())).toEqual([
      "records/s in each round",
      "1  2",
      "3  4",
      "5  6",
      "7  8",
    ]);
  });
});
