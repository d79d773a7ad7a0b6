import { parseArgs } from "node:util";
import { BadArgumentsError } from "../arguments.ts";

export const usage = `npm run bench:paired -- --against REF [options] -- FILE [arguments of FILE]

Runs a benchmark of this checkout and of an older commit in turns on this machine, and prints the ratio of their medians.

  --against REF   the commit to compare with; its own copy of FILE runs, in a worktree of its own
  --pairs N       runs of each (5)
  --figure TEXT   a regular expression with one group: a number to read off the output beside the times; may be repeated
  --help          this text

  npm run bench:paired -- --against HEAD~20 --figure 'records/s +([\\d.,]+)' -- bench/changes.ts

Dependencies are those of this checkout. Run it on an idle machine.`;

export interface PairedOptions {
  readonly against: string;
  readonly pairs: number;
  readonly figures: readonly RegExp[];
  readonly file: string;
  readonly args: readonly string[];
}

/** Undefined where help is asked for. Throws BadArgumentsError. */
export function pairedOptions(argv: readonly string[]): PairedOptions | undefined {
  const { values, positionals } = parsed(argv);
  if (values.help) return undefined;
  const [file, ...args] = positionals;
  if (values.against === undefined || file === undefined) throw bad("--against REF and a FILE are needed");
  const pairs = Number(values.pairs);
  if (!Number.isInteger(pairs) || pairs < 1) throw bad(`--pairs ${values.pairs} is no number above 0`);
  return { against: values.against, pairs, figures: values.figure.map(figureOf), file, args };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        against: { type: "string" },
        pairs: { type: "string", default: "5" },
        figure: { type: "string", multiple: true, default: [] },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw bad(error instanceof Error ? error.message : String(error));
  }
}

function figureOf(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (error) {
    throw bad(`--figure ${text}: ${error instanceof Error ? error.message : error}`);
  }
}

function bad(problem: string): BadArgumentsError {
  return new BadArgumentsError("bench:paired", problem);
}
