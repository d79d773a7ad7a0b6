import { type ParseArgsConfig, parseArgs } from "node:util";
import { VectorkeepError } from "../core/vectorkeep-error.ts";
import { terminalLines } from "./terminal-text.ts";

/** The command line does not fit. */
export class UsageWrongError extends VectorkeepError {
  constructor(script: string, problem: string) {
    super(problem, `See \`npm run ${script} -- --help\`.`);
  }
}

/** The options and positionals of `npm run SCRIPT -- ...`. Throws UsageWrongError. */
export function readCommandLine<T extends ParseArgsConfig>(script: string, config: T) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageWrongError(script, `${(error as Error).message.replace(/\.$/, "")}.`);
  }
}

/** Runs a command to its end. A failure is printed, and the exit code says so. */
export function runCommand(main: () => Promise<void>, exitCodeOfFailure = 1): void {
  main().catch((error: unknown) => {
    process.stderr.write(`${describe(error)}\n`);
    process.exitCode = exitCodeOfFailure;
  });
}

/** What is to be told of an error: the sentences of a failure, the stack of any other. */
export function describe(error: unknown): string {
  if (error instanceof VectorkeepError) return terminalLines(error.message.trim());
  return terminalLines(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
