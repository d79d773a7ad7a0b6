import { type Verdict, whole } from "../report.ts";
import { percentile } from "../statistics.ts";
import type { Run, StatusLoad } from "./measure.ts";

const bounds = {
  megabytes: 512,
  bytesRead: 2.1,
  /** Seconds a row, of those of the smallest file; measurements of one size differ by as much. */
  growth: 1.2,
  statusMilliseconds: 50,
  ofPinecone: 0.9,
};

export function runLines(run: Run): string {
  const { rows, bareSeconds, seconds, bytesRead, functions } = run;
  const told = Object.entries(functions).map(
    ([name, { invocations, billedSeconds, peakMegabytes }]) =>
      `${name} ${whole(invocations)} times, ${billedSeconds.toFixed(1)} s billed, ${peakMegabytes} MB`,
  );
  return [
    `${whole(rows)} rows in ${seconds.toFixed(1)} s: ${whole(rows / seconds)} rows/s`,
    `  bare loop ${whole(rows / bareSeconds)} rows/s: ${(bareSeconds / seconds).toFixed(2)} of it; read from S3 ${bytesRead.toFixed(2)} times the file`,
    `  ${told.join("; ")}`,
  ].join("\n");
}

export function loadLines({ rows, perSecond, milliseconds, failures }: StatusLoad): string {
  return [
    `${whole(milliseconds.length)} status answers at ${perSecond} a second while ${whole(rows)} rows are worked on:`,
    `  p50 ${percentile(milliseconds, 50).toFixed(1)} ms, p99 ${percentile(milliseconds, 99).toFixed(1)} ms, ${failures} failed`,
  ].join("\n");
}

export function verdicts(runs: readonly Run[], load: StatusLoad): Verdict[] {
  const memory = Math.max(
    ...runs.flatMap(({ functions }) => Object.values(functions).map(({ peakMegabytes }) => peakMegabytes)),
  );
  const bytesRead = Math.max(...runs.map((run) => run.bytesRead));
  const p99 = percentile(load.milliseconds, 99);
  return [
    verdict(memory < bounds.megabytes, `no function had more than ${memory} MB, bound ${bounds.megabytes}`),
    verdict(
      bytesRead <= bounds.bytesRead,
      `S3 was read ${bytesRead.toFixed(2)} times, bound ${bounds.bytesRead}`,
    ),
    ...growthVerdicts(runs),
    verdict(
      p99 < bounds.statusMilliseconds && load.failures === 0,
      `status answers: p99 ${p99.toFixed(1)} ms, bound ${bounds.statusMilliseconds} ms; ${load.failures} failed`,
    ),
  ];
}

/** The rate into S3 Vectors, divided by that into Pinecone. */
export function sinkVerdicts(runs: readonly Run[], s3Vectors: ReadonlyMap<number, number>): Verdict[] {
  return runs.map(({ rows, seconds }) => {
    const own = s3Vectors.get(rows) ?? Number.NaN;
    const ratio = seconds / own;
    const rates = `${whole(rows / own)} rows/s, ${ratio.toFixed(2)} of the rate into Pinecone`;
    return verdict(
      ratio >= bounds.ofPinecone,
      `${whole(rows)} rows into S3 Vectors: ${rates}, bound ${bounds.ofPinecone}`,
    );
  });
}

function growthVerdicts([smallest, ...larger]: readonly Run[]): Verdict[] {
  return larger.map(({ rows, seconds }) => {
    const growth = smallest ? seconds / rows / (smallest.seconds / smallest.rows) : Number.NaN;
    const of = `${growth.toFixed(2)} times that of ${whole(smallest?.rows ?? 0)}`;
    return verdict(growth <= bounds.growth, `a row of ${whole(rows)} takes ${of}, bound ${bounds.growth}`);
  });
}

function verdict(pass: boolean, text: string): Verdict {
  return { pass, text: `${pass ? "pass" : "FAIL"}  ${text}` };
}
