import { CycleIncompleteError, figuresOf } from "../../../bench/compaction/cycle-figures.ts";
import type { Round, SmallCycle } from "../../../bench/compaction/measure.ts";
import { compactionOptions } from "../../../bench/compaction/options.ts";
import { costTable, mergeLines, mergeVerdict, warmVerdict } from "../../../bench/compaction/report.ts";

const cycle = {
  seconds: 12,
  bytesCopied: 0,
  bytesWritten: 5_000_000,
  secondsByStep: { materialise: 0.5, apply: 9, verify: 1, write_generation: 1 },
  written: 1_000,
  updated: 0,
};

/** A round that merges a thousand vectors in ten seconds. */
function round(bareSeconds: number): Round {
  return { before: 0, vectors: 1_000, cycle, bareSeconds };
}

function small(warmth: SmallCycle["warmth"], bytesCopied: number, seconds = 12): SmallCycle {
  return { size: 10_000, change: "labels", warmth, cycle: { ...cycle, bytesCopied, seconds } };
}

describe("the report of npm run bench:compaction", () => {
  it("counts as merging what is applied and verified, pair by pair with the bare upserts", () => {
    expect(mergeVerdict([round(9), round(7), round(8)])).toEqual({
      pass: true,
      text: "pass  merging deltas: 0.80 of bare upserts (median of the rounds), target 0.8",
    });
    expect(mergeVerdict([round(9), round(7), round(7.9)]).pass).toBe(false);
  });

  it("prints the rates of every round, and the whole cycle's", () => {
    const lines = mergeLines([round(8), round(5)])
      .split("\n")
      .map((line) => line.replaceAll(/ {2,}/g, " "));
    expect(lines.slice(1)).toEqual([
      "bare upserts (the limit) 163/s 125 200",
      "merged 100/s 100 100",
      "whole cycle, published 83/s 83 83",
    ]);
  });

  it("fails when a warm cycle copied a byte in; a cold one has to", () => {
    expect(warmVerdict([small("cold", 7), small("warm", 0)]).pass).toBe(true);
    expect(warmVerdict([small("cold", 7), small("warm", 0), small("warm", 1)])).toEqual({
      pass: false,
      text: "FAIL  2 warm cycles copied 1 bytes in, target 0",
    });
  });

  it("has one line of medians for each size, change and warmth", () => {
    const table = costTable([small("warm", 0, 3), small("warm", 0, 20), small("warm", 0, 4)]).split("\n");
    expect(table).toHaveLength(5);
    expect(table.at(-1)?.trim().split(/ {2,}/)).toEqual([
      ...["10,000", "10 labels", "warm", "4.00 s", "0.0 MB", "5.0 MB"],
      ...["0.50 s", "9.00 s", "1.00 s", "1.00 s", "-7.50 s"],
    ]);
  });
});

describe("a measured cycle", () => {
  const ended = {
    done: 2,
    redelivered: 0,
    bytes_copied: 3,
    bytes_written: 4,
    duration_ms_by_step: { apply: 500 },
  };

  it("is what its log says", async () => {
    const figures = await figuresOf(2, async (log) => {
      log.info("Changes merged", { written: 7, updated: 1, vectors: 9 });
      log.info("Cycle ended", ended);
    });
    expect(figures).toMatchObject({
      bytesCopied: 3,
      bytesWritten: 4,
      secondsByStep: { apply: 0.5 },
      written: 7,
    });
  });

  it("counts for nothing where a message was left, or anything went wrong on the way", async () => {
    const left = figuresOf(3, async (log) => log.info("Cycle ended", ended));
    await expect(left).rejects.toThrow(CycleIncompleteError);
    const complaint = figuresOf(2, async (log) => {
      log.warn("The queue was not drained to its end", { reason: "throttled" });
      log.info("Cycle ended", ended);
    });
    await expect(complaint).rejects.toThrow("throttled");
  });
});

describe("the command line of npm run bench:compaction", () => {
  it("grows by the smallest size, in steps of a receipt", () => {
    expect(compactionOptions(["--sizes", "1000,3000"])).toMatchObject({
      sizes: [1_000, 3_000],
      judged: true,
    });
    expect(() => compactionOptions(["--sizes", "1000,2500"])).toThrow("2500 is no multiple of 1000");
    expect(() => compactionOptions(["--sizes", "150"])).toThrow("150 is no multiple of 100");
    expect(() => compactionOptions(["--sizes", "1000,1000"])).toThrow("1000 comes after 1000");
  });

  it("judges no speed of a quick run", () => {
    expect(compactionOptions(["--quick"])).toMatchObject({ rounds: 2, repeats: 1, judged: false });
  });
});
