import { type Verdict, whole } from "../report.ts";
import { median } from "../statistics.ts";
import type { CycleFigures } from "./cycle-figures.ts";
import { type Change, changes, labelsPerChange, type Round, type SmallCycle, warmths } from "./measure.ts";
import { wordsPerReceipt } from "./word-deltas.ts";

/** Least of the rate at which deltas are merged in terms of the bare upserts' rate. */
const leastOfBare = 0.8;

const titles: Record<Change, string> = {
  receipt: `one receipt of ${wordsPerReceipt} vectors`,
  labels: `${labelsPerChange} labels`,
};

/** What a cycle does to merge: deltas read, checked and applied, items looked at, all of it read back. */
function mergeSeconds({ secondsByStep }: CycleFigures): number {
  return secondsOf(secondsByStep, "apply") + secondsOf(secondsByStep, "verify");
}

export function roundLine({ before, vectors, cycle, bareSeconds }: Round): string {
  const merged = vectors / mergeSeconds(cycle);
  return [
    `${whole(vectors)} vectors into ${whole(before)}:`.padEnd(32),
    bareSeconds === undefined ? "" : `bare ${whole(vectors / bareSeconds)}/s,`.padEnd(14),
    `merged ${whole(merged)}/s${bareSeconds === undefined ? "" : ` (${((merged * bareSeconds) / vectors).toFixed(2)})`}, `,
    `whole cycle ${whole(vectors / cycle.seconds)}/s, ${cycle.seconds.toFixed(1)} s: ${stepsOf(cycle)}; `,
    `copied in ${megabytes(cycle.bytesCopied)}, written ${megabytes(cycle.bytesWritten)}`,
  ].join("");
}

/** The rounds that bare upserts were measured in. */
export function mergeLines(rounds: readonly Round[]): string {
  const rates = (seconds: (round: Round) => number) => rounds.map((round) => round.vectors / seconds(round));
  const row = (title: string, values: readonly number[]) =>
    `${title.padEnd(32)}${`${whole(median(values))}/s`.padStart(10)}   ${values.map(whole).join("  ")}`;
  return [
    `${"vectors a second".padEnd(32)}${"median".padStart(10)}   in each round`,
    row("bare upserts (the limit)", rates(bareSecondsOf)),
    row(
      "merged",
      rates(({ cycle }) => mergeSeconds(cycle)),
    ),
    row(
      "whole cycle, published",
      rates(({ cycle }) => cycle.seconds),
    ),
  ].join("\n");
}

/** Medians of the repetitions, one line for each size, change and warmth. */
export function costTable(cycles: readonly SmallCycle[]): string {
  const sizes = [...new Set(cycles.map(({ size }) => size))];
  const heads = ["cycle", "copied in", "written", "materialise", "apply", "verify", "write", "rest"];
  const rows = sizes.flatMap((size) =>
    changes.flatMap((change) =>
      warmths.map((warmth) => {
        const own = cycles.filter(
          (one) => one.size === size && one.change === change && one.warmth === warmth,
        );
        const cells = [whole(size).padStart(8), titles[change].padEnd(28), warmth.padEnd(6)];
        return `${cells.join("  ")}${costs(own.map(({ cycle }) => cycle))}`;
      }),
    ),
  );
  const head = `${"vectors".padStart(8)}  ${"change".padEnd(28)}  ${"".padEnd(6)}`;
  return [`${head}${heads.map((text) => text.padStart(12)).join("")}`, ...rows].join("\n");
}

function costs(cycles: readonly CycleFigures[]): string {
  const middle = (value: (cycle: CycleFigures) => number) => median(cycles.map(value));
  const step = (name: string) =>
    `${middle(({ secondsByStep }) => secondsOf(secondsByStep, name)).toFixed(2)} s`;
  const shown = ["materialise", "apply", "verify", "write_generation"];
  const rest = middle(
    ({ seconds, secondsByStep }) =>
      seconds - shown.reduce((sum, name) => sum + secondsOf(secondsByStep, name), 0),
  );
  return [
    `${middle(({ seconds }) => seconds).toFixed(2)} s`,
    megabytes(middle(({ bytesCopied }) => bytesCopied)),
    megabytes(middle(({ bytesWritten }) => bytesWritten)),
    ...shown.map(step),
    `${rest.toFixed(2)} s`,
  ]
    .map((text) => text.padStart(12))
    .join("");
}

/** Rounds are compared pair by pair, for the collection grows from one to the next. */
export function mergeVerdict(rounds: readonly Round[]): Verdict {
  const ratio = median(rounds.map((round) => bareSecondsOf(round) / mergeSeconds(round.cycle)));
  const pass = ratio >= leastOfBare;
  return {
    pass,
    text: `${mark(pass)}  merging deltas: ${ratio.toFixed(2)} of bare upserts (median of the rounds), target ${leastOfBare}`,
  };
}

export function warmVerdict(cycles: readonly SmallCycle[]): Verdict {
  const warm = cycles.filter(({ warmth }) => warmth === "warm");
  const bytes = warm.reduce((sum, { cycle }) => sum + cycle.bytesCopied, 0);
  const pass = bytes === 0;
  return {
    pass,
    text: `${mark(pass)}  ${warm.length} warm cycles copied ${whole(bytes)} bytes in, target 0`,
  };
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

function mark(pass: boolean): string {
  return pass ? "pass" : "FAIL";
}
