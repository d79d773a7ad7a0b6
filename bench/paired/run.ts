import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";

/** A benchmark that is to be compared did not end well. */
export class BenchmarkFailedError extends VectorkeepError {
  constructor(folder: string, file: string, how: string) {
    super(`${file} in ${folder} ended with ${how}.`, "Run it there by itself; what it printed is above.");
  }
}

/** By name, what one run took or printed. */
export type Figures = ReadonlyMap<string, number>;

/** What `times` of a POSIX shell prints on its second line: user and system time of all its children. */
const childTimes = /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/;

/** One run, with the CPU time of all processes that it started and waited for. Throws BenchmarkFailedError. */
export async function runOnce(
  folder: string,
  file: string,
  args: readonly string[],
  figures: readonly RegExp[],
): Promise<Figures> {
  const timed = '"$@" 3>&-; code=$?; times >&3; exit $code';
  const began = performance.now();
  const child = spawn("sh", ["-c", timed, "sh", process.execPath, "--expose-gc", file, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit", "pipe"],
  });
  const [output, times, [code, signal]] = await Promise.all([
    text(child.stdout as Readable),
    text(child.stdio[3] as Readable),
    once(child, "exit") as Promise<[number | null, string | null]>,
  ]);
  const seconds = (performance.now() - began) / 1_000;
  if (code !== 0) {
    console.error(output);
    throw new BenchmarkFailedError(folder, file, signal ?? `code ${code}`);
  }
  return new Map([
    ["seconds", seconds],
    ["CPU seconds", cpuSeconds(times)],
    ...figures.flatMap((figure) => figureIn(output, figure)),
  ]);
}

export function cpuSeconds(times: string): number {
  const [, userMinutes, user, systemMinutes, system] = childTimes.exec(times) ?? [];
  return 60 * (Number(userMinutes) + Number(systemMinutes)) + Number(user) + Number(system);
}

/** The first number that the expression finds. Its digits may be grouped by commas. */
export function figureIn(output: string, figure: RegExp): [string, number][] {
  const found = figure.exec(output)?.[1];
  return found === undefined ? [] : [[figure.source, Number(found.replaceAll(",", ""))]];
}
