import { type ParseArgsConfig, parseArgs } from "node:util";
import { VectorkeepError } from "../core/vectorkeep-error.ts";
import { terminalLines } from "./terminal-text.ts";

/** The command line is invalid. */
export class UsageWrongError extends VectorkeepError {
  constructor(command: string, problem: string) {
    super(problem, `See \`npx vectorkeep ${command} --help\`.`);
  }
}

/** Parses the options and positionals of `npx vectorkeep COMMAND ...`. Throws UsageWrongError. */
export function readCommandLine<T extends ParseArgsConfig>(command: string, config: T) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageWrongError(command, `${(error as Error).message.replace(/\.$/, "")}.`);
  }
}

/** Runs a command. Prints a failure and sets the exit code. */
export function runCommand(main: () => Promise<void>, exitCodeOfFailure = 1): void {
  main().catch((error: unknown) => {
    process.stderr.write(`${describe(error)}\n`);
    process.exitCode = exitCodeOfFailure;
  });
}

/** Formats an error for the terminal: the message of a VectorkeepError, the stack trace of any other error. */
export function describe(error: unknown): string {
  if (error instanceof VectorkeepError) return terminalLines(error.message.trim());
  return terminalLines(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
