import { type ContenderName, contenderNames, peers } from "./contenders/names.ts";
import type { StackOutcome } from "./deployed-stack.ts";
import type { Measurement } from "./measure.ts";
import type { SinkName } from "./options.ts";
import { median } from "./statistics.ts";

const titles: Record<ContenderName, string> = {
  bare: "bare loop (the limit)",
  langchain: "LangChain JS",
  mastra: "Mastra",
  product: "Vectorkeep",
};

const sinkTitles: Record<SinkName, string> = {
  chroma: "into Chroma",
  null: "into the null sink",
};

/** Least of the product's speed in terms of the bare loop's and of the best peer's. */
const targets: Record<SinkName, { readonly ofBare: number; readonly ofBestPeer: number }> = {
  chroma: { ofBare: 0.95, ofBestPeer: 1.15 },
  null: { ofBare: 0.8, ofBestPeer: 1.5 },
};

export function measurementLine(measured: Measurement): string {
  const { sink, round, contender, recordsPerSecond, seconds, cpuSeconds, peakMemory } = measured;
  return [
    `${sinkTitles[sink]}, round ${round}:`.padEnd(30),
    titles[contender].padEnd(22),
    `${whole(recordsPerSecond)} records/s`.padStart(17),
    `${seconds.toFixed(2)} s`.padStart(9),
    `CPU ${cpuSeconds.toFixed(2)} s`.padStart(12),
    `peak ${megabytes(peakMemory)}`.padStart(13),
  ].join(" ");
}

export function stackLines({ seconds, embedSeconds }: StackOutcome, records: number): string {
  return [
    `through the deployed local stack: ${whole(records / seconds)} records/s, ${seconds.toFixed(1)} s from the first upload until all were published`,
    `  (all deltas in S3 after ${embedSeconds.toFixed(1)} s; the same lines as receipts of 50, each embedded as its visual row)`,
  ].join("\n");
}

export interface Verdict {
  readonly text: string;
  readonly pass: boolean;
}

/** The table of one sink. All its measurements, every contender in every round. */
export function table(sink: SinkName, measurements: readonly Measurement[]): string {
  const summaries = summariesOf(measurements);
  const { bare, bestPeer } = yardsticks(summaries);
  const head = ["median", "of bare", "of best peer", "peak", "records/s in each round"];
  const lines = summaries.map(({ contender, median, rounds, peakMemory }) =>
    [
      titles[contender].padEnd(22),
      `${whole(median)}/s`.padStart(10),
      (median / bare).toFixed(2).padStart(9),
      (median / bestPeer).toFixed(2).padStart(14),
      megabytes(peakMemory).padStart(9),
      `   ${rounds.map(whole).join("  ")}`,
    ].join(""),
  );
  const [first = "", second = "", third = "", fourth = "", last = ""] = head;
  return [
    `${sinkTitles[sink].padEnd(22)}${first.padStart(10)}${second.padStart(9)}${third.padStart(14)}${fourth.padStart(9)}   ${last}`,
    ...lines,
  ].join("\n");
}

export function verdicts(sink: SinkName, measurements: readonly Measurement[]): Verdict[] {
  const summaries = summariesOf(measurements);
  const { bare, bestPeer } = yardsticks(summaries);
  const product = medianOf(summaries, "product");
  const { ofBare, ofBestPeer } = targets[sink];
  return [
    verdict(sink, "the bare loop", product / bare, ofBare),
    verdict(sink, "the best peer", product / bestPeer, ofBestPeer),
  ];
}

function verdict(sink: SinkName, against: string, ratio: number, target: number): Verdict {
  const pass = ratio >= target;
  return {
    pass,
    text: `${pass ? "pass" : "FAIL"}  ${sinkTitles[sink]}: ${ratio.toFixed(2)} of ${against}, target ${target}`,
  };
}

interface Summary {
  readonly contender: ContenderName;
  readonly median: number;
  readonly rounds: readonly number[];
  /** The highest of all rounds, in bytes. */
  readonly peakMemory: number;
}

function summariesOf(measurements: readonly Measurement[]): Summary[] {
  return contenderNames.map((contender) => {
    const own = measurements.filter((measurement) => measurement.contender === contender);
    const rounds = own.map(({ recordsPerSecond }) => recordsPerSecond);
    const peakMemory = Math.max(...own.map((measurement) => measurement.peakMemory));
    return { contender, median: median(rounds), rounds, peakMemory };
  });
}

function yardsticks(summaries: readonly Summary[]): { bare: number; bestPeer: number } {
  return {
    bare: medianOf(summaries, "bare"),
    bestPeer: Math.max(...peers.map((peer) => medianOf(summaries, peer))),
  };
}

function medianOf(summaries: readonly Summary[], contender: ContenderName): number {
  return summaries.find((summary) => summary.contender === contender)?.median ?? Number.NaN;
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
