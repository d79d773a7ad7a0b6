import { percentile } from "../statistics.ts";
import type { BulkRun } from "./measure.ts";

const megabyte = 1024 * 1024;
const bounds = {
  /** Of the bare loop's and of the state machine's rate. */
  bareRatio: 1.5,
  machineRatio: 1,
  maxMegabytes: 700,
  /** The last tenth of the samples against the first. */
  growth: 1.5,
  statusMs: 50,
  recoverySeconds: 10,
} as const;

export function runLines(run: BulkRun): string {
  const rate = (seconds: number) => `${Math.round(run.rows / seconds).toLocaleString("en-US")} rows/s`;
  return [
    `${run.rows.toLocaleString("en-US")} rows`,
    `  bare loop      ${rate(run.bareSeconds)}`,
    `  state machine  ${rate(run.machineSeconds)}`,
    `  workers        ${rate(run.workersSeconds)}`,
    `  largest worker ${Math.round(run.maxBytes / megabyte)} MiB; ${Math.round(run.firstBytes / megabyte)} at first, ${Math.round(run.lastBytes / megabyte)} in the end`,
    `  status         p99 ${percentile(run.statusMs, 99).toFixed(1)} ms, p50 ${percentile(run.statusMs, 50).toFixed(1)} ms of ${run.statusMs.length}, ${run.statusFailures} failed`,
    `  after a kill   at most ${run.recoverySeconds.toFixed(1)} s without a chunk`,
  ].join("\n");
}

export function bulkVerdicts(run: BulkRun): { readonly pass: boolean; readonly text: string }[] {
  const p99 = percentile(run.statusMs, 99);
  return [
    verdict(
      "workers against the bare loop",
      run.bareSeconds / run.workersSeconds,
      "at least",
      bounds.bareRatio,
    ),
    verdict(
      "workers against the state machine",
      run.machineSeconds / run.workersSeconds,
      "at least",
      bounds.machineRatio,
    ),
    verdict("MiB of the largest worker", run.maxBytes / megabyte, "at most", bounds.maxMegabytes),
    verdict("growth of the largest worker", run.lastBytes / run.firstBytes, "at most", bounds.growth),
    verdict("status p99 in ms", p99, "at most", bounds.statusMs),
    verdict("status requests that failed", run.statusFailures, "at most", 0),
    verdict("seconds without a chunk after a kill", run.recoverySeconds, "at most", bounds.recoverySeconds),
  ];
}

function verdict(what: string, value: number, kind: "at least" | "at most", bound: number) {
  const pass = kind === "at least" ? value >= bound : value <= bound;
  return { pass, text: `${pass ? "pass" : "FAIL"}  ${what}: ${value.toFixed(2)}, ${kind} ${bound}` };
}
