import { type Verdict, whole } from "../report.ts";
import { median } from "../statistics.ts";
import type { CycleFigures } from "./cycle-figures.ts";
import {
  type Change,
  type ColdOpening,
  changes,
  labelsPerChange,
  type Round,
  type SmallCycle,
  type Warmth,
  warmths,
} from "./measure.ts";
import { wordsPerReceipt } from "./word-deltas.ts";

/** Least of the rate at which a fold merges, in terms of the bare upserts' rate. */
const leastOfBare = 0.85;

/** Of a small change, on the shared file system: as many are read by each reader. */
const maxWritten = 150_000;
const maxSeconds: Record<Warmth, number> = { cold: 1, warm: 0.5 };

const titles: Record<Change, string> = {
  receipt: `one receipt of ${wordsPerReceipt} vectors`,
  labels: `${labelsPerChange} labels`,
};

/** What a fold does to merge: deltas read, checked and applied, all of it read back. */
function mergeSeconds({ secondsByStep }: CycleFigures): number {
  return secondsOf(secondsByStep, "apply") + secondsOf(secondsByStep, "verify");
}

/** Vectors per second, those of the small changes before it among them. */
function mergeRate({ fold }: Round): number {
  return (fold.written + fold.updated) / mergeSeconds(fold);
}

export function roundLine(round: Round): string {
  const { before, vectors, publish, fold, bareSeconds } = round;
  const merged = mergeRate(round);
  return [
    `${whole(vectors)} vectors into ${whole(before)}:`.padEnd(32),
    bareSeconds === undefined ? "" : `bare ${whole(vectors / bareSeconds)}/s,`.padEnd(14),
    `merged ${whole(merged)}/s${bareSeconds === undefined ? "" : ` (${((merged * bareSeconds) / vectors).toFixed(2)})`}, `,
    `whole fold ${whole(vectors / fold.seconds)}/s, ${fold.seconds.toFixed(1)} s: ${stepsOf(fold)}; `,
    `copied in ${megabytes(fold.bytesCopied)}, written ${megabytes(fold.bytesWritten)}; `,
    `published before in ${publish.seconds.toFixed(1)} s, ${kilobytes(publish.bytesWritten)}`,
  ].join("");
}

export function openingLine({ size, coldSeconds }: ColdOpening): string {
  return `a cold search process opens ${whole(size)} vectors in ${coldSeconds.toFixed(1)} s`;
}

/** The rounds that bare upserts were measured in. */
export function mergeLines(rounds: readonly Round[]): string {
  const rates = (seconds: (round: Round) => number) => rounds.map((round) => round.vectors / seconds(round));
  const row = (title: string, values: readonly number[]) =>
    `${title.padEnd(32)}${`${whole(median(values))}/s`.padStart(10)}   ${values.map(whole).join("  ")}`;
  return [
    `${"vectors a second".padEnd(32)}${"median".padStart(10)}   in each round`,
    row("bare upserts (the limit)", rates(bareSecondsOf)),
    row("merged by the fold", rounds.map(mergeRate)),
    row(
      "whole fold, published",
      rates(({ fold }) => fold.seconds),
    ),
    row(
      "published before, as a segment",
      rates(({ publish }) => publish.seconds),
    ),
  ].join("\n");
}

/** Medians of the repetitions, one line for each size, change and warmth. */
export function costTable(cycles: readonly SmallCycle[]): string {
  const sizes = [...new Set(cycles.map(({ size }) => size))];
  const heads = ["publish", "written", "read deltas", "segment", "rest", "reader", "its deltas"];
  const rows = sizes.flatMap((size) =>
    changes.flatMap((change) =>
      warmths.map((warmth) => {
        const own = cycles.filter(
          (one) => one.size === size && one.change === change && one.warmth === warmth,
        );
        const cells = [whole(size).padStart(8), titles[change].padEnd(28), warmth.padEnd(6)];
        return `${cells.join("  ")}${costs(own)}`;
      }),
    ),
  );
  const head = `${"vectors".padStart(8)}  ${"change".padEnd(28)}  ${"".padEnd(6)}`;
  return [`${head}${heads.map((text) => text.padStart(12)).join("")}`, ...rows].join("\n");
}

function costs(cycles: readonly SmallCycle[]): string {
  const middle = (value: (one: SmallCycle) => number) => median(cycles.map(value));
  const step = (name: string) =>
    `${middle(({ cycle }) => secondsOf(cycle.secondsByStep, name)).toFixed(2)} s`;
  const shown = ["read_deltas", "write_segment"];
  const rest = middle(
    ({ cycle: { seconds, secondsByStep } }) =>
      seconds - shown.reduce((sum, name) => sum + secondsOf(secondsByStep, name), 0),
  );
  return [
    `${whole(1_000 * middle(({ cycle }) => cycle.seconds))} ms`,
    kilobytes(middle(({ cycle }) => cycle.bytesWritten)),
    ...shown.map(step),
    `${rest.toFixed(2)} s`,
    `${middle(({ reader }) => reader.seconds).toFixed(2)} s`,
    kilobytes(middle(({ reader }) => reader.deltaBytes)),
  ]
    .map((text) => text.padStart(12))
    .join("");
}

/** Rounds are compared pair by pair, for the collection grows from one to the next. */
export function mergeVerdict(rounds: readonly Round[]): Verdict {
  const ratio = median(rounds.map((round) => (mergeRate(round) * bareSecondsOf(round)) / round.vectors));
  const pass = ratio >= leastOfBare;
  return {
    pass,
    text: `${mark(pass)}  folding: ${ratio.toFixed(2)} of bare upserts (median of the rounds), target ${leastOfBare}`,
  };
}

/** Neither a base is read for a small change nor more written than what it says. */
export function bytesVerdict(cycles: readonly SmallCycle[]): Verdict {
  const copied = cycles.reduce((sum, { cycle }) => sum + cycle.bytesCopied, 0);
  const written = Math.max(...cycles.map(({ cycle }) => cycle.bytesWritten));
  const pass = copied === 0 && written <= maxWritten;
  return {
    pass,
    text: `${mark(pass)}  ${cycles.length} small cycles copied ${whole(copied)} bytes in and wrote ${whole(written)} at most, targets 0 and ${whole(maxWritten)}`,
  };
}

/** Of the labels into the largest collection. */
export function timeVerdicts(cycles: readonly SmallCycle[]): Verdict[] {
  const largest = Math.max(...cycles.map(({ size }) => size));
  return warmths.map((warmth) => {
    const own = cycles.filter(
      (one) => one.size === largest && one.change === "labels" && one.warmth === warmth,
    );
    const seconds = median(own.map(({ cycle }) => cycle.seconds));
    const pass = seconds <= maxSeconds[warmth];
    return {
      pass,
      text: `${mark(pass)}  ${titles.labels} into ${whole(largest)} vectors, ${warmth}: ${seconds.toFixed(2)} s, target ${maxSeconds[warmth]} s`,
    };
  });
}

function bareSecondsOf({ bareSeconds }: Round): number {
  return bareSeconds ?? Number.NaN;
}

function secondsOf(secondsByStep: CycleFigures["secondsByStep"], step: string): number {
  return secondsByStep[step] ?? 0;
}

/** The longest first; what takes no tenth of a second is left out. */
function stepsOf({ secondsByStep }: CycleFigures): string {
  return Object.entries(secondsByStep)
    .filter(([, seconds]) => seconds >= 0.05)
    .sort(([, one], [, other]) => other - one)
    .map(([step, seconds]) => `${step} ${seconds.toFixed(1)}`)
    .join(", ");
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(bytes < 10_000 ? 1 : 0)} kB`;
}

function mark(pass: boolean): string {
  return pass ? "pass" : "FAIL";
}
