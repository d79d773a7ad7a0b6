import { whole } from "../report.ts";
import { percentile } from "../statistics.ts";
import type { BulkRun } from "./measure.ts";

const megabyte = 1024 * 1024;
const bounds = {
  /** Of the bare loop's and of the state machine's rate. */
  bareRatio: 1.5,
  machineRatio: 1,
  maxMegabytes: 700,
  /** The last tenth of the samples against the first: garbage that is not collected yet makes a flat size vary by a fifth. */
  growth: 1.3,
  /** CPU per row against that of the small file. */
  costGrowth: 1.05,
  statusMs: 50,
  recoverySeconds: 10,
} as const;

export function runLines(run: BulkRun): string {
  const [all, compared, few] = [run.rows, run.comparedRows, run.smallRows].map((rows) =>
    rows.toLocaleString("en-US"),
  );
  return [
    `${all} rows; ${compared} for bare loop, state machine, kill and status`,
    `  bare loop      ${whole(bareRate(run))} rows/s`,
    `  state machine  ${whole(machineRate(run))} rows/s`,
    `  workers        ${whole(workersRate(run))} rows/s`,
    `  CPU per row    ${microseconds(run.cpuPerRow)} us; ${microseconds(run.smallCpuPerRow)} us of ${few} rows`,
    `  written again  ${whole(run.writtenAgain)} vectors of ${all}, whose chunk's lock expired`,
    `  largest worker ${Math.round(run.maxBytes / megabyte)} MiB; ${Math.round(run.firstBytes / megabyte)} at first, ${Math.round(run.lastBytes / megabyte)} in the end`,
    `  status         p99 ${percentile(run.statusMs, 99).toFixed(1)} ms, p50 ${percentile(run.statusMs, 50).toFixed(1)} ms of ${run.statusMs.length}, ${run.statusFailures} failed`,
    `  after a kill   at most ${run.recoverySeconds.toFixed(1)} s without a chunk`,
  ].join("\n");
}

export function bulkVerdicts(run: BulkRun): { readonly pass: boolean; readonly text: string }[] {
  const p99 = percentile(run.statusMs, 99);
  return [
    verdict("workers against the bare loop", workersRate(run) / bareRate(run), "at least", bounds.bareRatio),
    verdict(
      "workers against the state machine",
      workersRate(run) / machineRate(run),
      "at least",
      bounds.machineRatio,
    ),
    verdict("MiB of the largest worker", run.maxBytes / megabyte, "at most", bounds.maxMegabytes),
    verdict("growth of the largest worker", run.lastBytes / run.firstBytes, "at most", bounds.growth),
    verdict(
      "CPU per row against that of the small file",
      run.cpuPerRow / run.smallCpuPerRow,
      "at most",
      bounds.costGrowth,
    ),
    verdict("status p99 in ms", p99, "at most", bounds.statusMs),
    verdict("status requests that failed", run.statusFailures, "at most", 0),
    verdict("seconds without a chunk after a kill", run.recoverySeconds, "at most", bounds.recoverySeconds),
  ];
}

const bareRate = ({ comparedRows, bareSeconds }: BulkRun) => comparedRows / bareSeconds;
const machineRate = ({ comparedRows, machineSeconds }: BulkRun) => comparedRows / machineSeconds;
const workersRate = ({ rows, workersSeconds }: BulkRun) => rows / workersSeconds;
const microseconds = (seconds: number) => Math.round(seconds * 1e6);

function verdict(what: string, value: number, kind: "at least" | "at most", bound: number) {
  const pass = kind === "at least" ? value >= bound : value <= bound;
  return { pass, text: `${pass ? "pass" : "FAIL"}  ${what}: ${value.toFixed(2)}, ${kind} ${bound}` };
}
