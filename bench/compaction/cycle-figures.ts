import { z } from "zod";
import type { Log } from "../../core/log.ts";
import { VectorkeepError } from "../../core/vectorkeep-error.ts";

/** What one cycle that publishes, or one fold, took by its own log. */
export interface CycleFigures {
  readonly seconds: number;
  readonly bytesCopied: number;
  readonly bytesWritten: number;
  /** By step, as the log names them. */
  readonly secondsByStep: Readonly<Record<string, number>>;
  /** Vectors written, and those whose metadata was changed. */
  readonly written: number;
  readonly updated: number;
}

/** A cycle did not do what its messages asked for. */
export class CycleIncompleteError extends VectorkeepError {
  constructor(what: string) {
    super(`A cycle did not do all that was asked of it: ${what}.`, "What it took counts for nothing.");
  }
}

const ended = z.object({
  done: z.int(),
  redelivered: z.int(),
  bytes_copied: z.int(),
  bytes_written: z.int(),
  duration_ms_by_step: z.record(z.string(), z.number()),
});
const merged = z.object({ written: z.int(), updated: z.int() });
const folded = merged.extend({
  bytes_copied: z.int(),
  bytes_written: z.int(),
  duration_ms_by_step: z.record(z.string(), z.number()),
});

/** Runs a cycle that logs here. Throws CycleIncompleteError unless it acknowledged all `messages`. */
export async function figuresOf(
  messages: number,
  run: (log: Log) => Promise<unknown>,
): Promise<CycleFigures> {
  const { seconds, said } = await logged(run);
  const { done, redelivered, ...took } = ended.parse(said.get("Cycle ended"));
  if (done !== messages)
    throw new CycleIncompleteError(`${done} of ${messages} messages done, ${redelivered} open`);
  return { seconds, ...figures(took), ...merged.parse(said.get("Changes merged")) };
}

/** Runs a fold that logs here. Throws CycleIncompleteError unless it wrote a base. */
export async function foldFiguresOf(run: (log: Log) => Promise<unknown>): Promise<CycleFigures> {
  const { seconds, said } = await logged(run);
  const base = said.get("Base written");
  if (base === undefined) throw new CycleIncompleteError("no base was written");
  const { written, updated, ...took } = folded.parse(base);
  return { seconds, ...figures(took), written, updated };
}

/** Throws CycleIncompleteError where it logged a warning. */
async function logged(run: (log: Log) => Promise<unknown>) {
  const said = new Map<string, object>();
  const complaints: string[] = [];
  const complain = (message: string, ...fields: object[]) =>
    void complaints.push(`${message} ${JSON.stringify(fields)}`);
  const began = performance.now();
  await run({
    debug() {},
    info: (message: string, fields: object = {}) => void said.set(message, fields),
    warn: complain,
    error: complain,
  });
  const seconds = (performance.now() - began) / 1_000;
  if (complaints.length > 0) throw new CycleIncompleteError(complaints.join("; "));
  return { seconds, said };
}

/** Sums of cycles one after another. */
export function together(cycles: readonly CycleFigures[]): CycleFigures {
  const sum = (value: (one: CycleFigures) => number) => cycles.reduce((total, one) => total + value(one), 0);
  const steps = new Set(cycles.flatMap(({ secondsByStep }) => Object.keys(secondsByStep)));
  return {
    seconds: sum(({ seconds }) => seconds),
    bytesCopied: sum(({ bytesCopied }) => bytesCopied),
    bytesWritten: sum(({ bytesWritten }) => bytesWritten),
    secondsByStep: Object.fromEntries(
      Array.from(steps, (step) => [step, sum(({ secondsByStep }) => secondsByStep[step] ?? 0)]),
    ),
    written: sum(({ written }) => written),
    updated: sum(({ updated }) => updated),
  };
}

function figures(took: {
  readonly bytes_copied: number;
  readonly bytes_written: number;
  readonly duration_ms_by_step: Readonly<Record<string, number>>;
}) {
  const steps = Object.entries(took.duration_ms_by_step);
  return {
    bytesCopied: took.bytes_copied,
    bytesWritten: took.bytes_written,
    secondsByStep: Object.fromEntries(steps.map(([step, ms]) => [step, ms / 1_000])),
  };
}
