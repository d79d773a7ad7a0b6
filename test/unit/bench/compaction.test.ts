import {
  CycleIncompleteError,
  figuresOf,
  foldFiguresOf,
  together,
} from "../../../bench/compaction/cycle-figures.ts";
import type { Round, SmallCycle } from "../../../bench/compaction/measure.ts";
import { compactionOptions } from "../../../bench/compaction/options.ts";
import {
  bytesVerdict,
  costTable,
  mergeLines,
  mergeVerdict,
  timeVerdicts,
} from "../../../bench/compaction/report.ts";

const cycle = {
  seconds: 12,
  bytesCopied: 0,
  bytesWritten: 5_000,
  secondsByStep: { apply: 9, verify: 1, read_deltas: 0.5, write_segment: 1 },
  written: 1_000,
  updated: 0,
};

const reader = { seconds: 0.02, deltaBytes: 617_000 };

/** A round that merges a thousand vectors in ten seconds. */
function round(bareSeconds: number): Round {
  return { before: 0, vectors: 1_000, publish: { ...cycle, seconds: 2 }, fold: cycle, bareSeconds };
}

function small(warmth: SmallCycle["warmth"], bytesCopied: number, seconds = 12): SmallCycle {
  return { size: 10_000, change: "labels", warmth, cycle: { ...cycle, bytesCopied, seconds }, reader };
}

describe("the report of npm run bench:compaction", () => {
  it("counts as merging what is applied and verified, pair by pair with the bare upserts", () => {
    expect(mergeVerdict([round(9), round(7), round(8.5)])).toEqual({
      pass: true,
      text: "pass  folding: 0.85 of bare upserts (median of the rounds), target 0.85",
    });
    expect(mergeVerdict([round(9), round(7), round(8.4)]).pass).toBe(false);
  });

  it("prints the rates of every round, and those of the whole fold and of the publish", () => {
    const lines = mergeLines([round(8), round(5)])
      .split("\n")
      .map((line) => line.replaceAll(/ {2,}/g, " "));
    expect(lines.slice(1)).toEqual([
      "bare upserts (the limit) 163/s 125 200",
      "merged by the fold 100/s 100 100",
      "whole fold, published 83/s 83 83",
      "published before, as a segment 500/s 500 500",
    ]);
  });

  it("fails when a small cycle copied a byte in, or wrote more than it may", () => {
    expect(bytesVerdict([small("cold", 0), small("warm", 0)])).toEqual({
      pass: true,
      text: "pass  2 small cycles copied 0 bytes in and wrote 5,000 at most, targets 0 and 150,000",
    });
    expect(bytesVerdict([small("cold", 0), small("warm", 1)]).pass).toBe(false);
    const large = small("warm", 0);
    expect(bytesVerdict([{ ...large, cycle: { ...large.cycle, bytesWritten: 150_001 } }]).pass).toBe(false);
  });

  it("fails when labels into the largest collection take too long, warm or cold", () => {
    const cycles = [small("cold", 0, 0.9), small("warm", 0, 0.6), { ...small("warm", 0, 9), size: 200 }];
    expect(timeVerdicts(cycles)).toEqual([
      { pass: true, text: "pass  10 labels into 10,000 vectors, cold: 0.90 s, target 1 s" },
      { pass: false, text: "FAIL  10 labels into 10,000 vectors, warm: 0.60 s, target 0.5 s" },
    ]);
  });

  it("has one line of medians for each size, change and warmth", () => {
    const table = costTable([small("warm", 0, 3), small("warm", 0, 20), small("warm", 0, 4)]).split("\n");
    expect(table).toHaveLength(5);
    expect(table.at(-1)?.trim().split(/ {2,}/)).toEqual([
      ...["10,000", "10 labels", "warm", "4,000 ms", "5.0 kB"],
      ...["0.50 s", "1.00 s", "2.50 s", "0.02 s", "617 kB"],
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

  it("adds to others, step by step", () => {
    const other = { ...cycle, secondsByStep: { apply: 1, drain: 2 } };
    expect(together([cycle, other])).toMatchObject({
      seconds: 24,
      bytesWritten: 10_000,
      written: 2_000,
      secondsByStep: { apply: 10, verify: 1, drain: 2 },
    });
  });

  it("is what the log of a fold says, and nothing where no base was written", async () => {
    const { done: _, redelivered: __, ...took } = ended;
    const fold = foldFiguresOf(async (log) => log.info("Base written", { written: 7, updated: 1, ...took }));
    expect(await fold).toMatchObject({ bytesCopied: 3, secondsByStep: { apply: 0.5 }, written: 7 });
    await expect(foldFiguresOf(async () => undefined)).rejects.toThrow("no base was written");
  });

  it("counts for nothing where a message was left, or anything went wrong on the way", async () => {
    const left = figuresOf(3, async (log) => log.info("Cycle ended", ended));
    await expect(left).rejects.toThrow(CycleIncompleteError);
    const complaint = figuresOf(2, async (log) => {
      log.warn("The queue was not drained completely", { reason: "throttled" });
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
