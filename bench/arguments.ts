import { type ParseArgsConfig, parseArgs } from "node:util";
import { VectorkeepError } from "../core/vectorkeep-error.ts";

/** The command line cannot be understood. */
export class BadArgumentsError extends VectorkeepError {
  constructor(command: string, problem: string) {
    super(`${problem}.`, `See npm run ${command} -- --help.`);
  }
}

/** How much a benchmark of files measures. */
export const sizeOptions = {
  help: { type: "boolean", default: false },
  full: { type: "boolean", default: false },
  quick: { type: "boolean", default: false },
  rows: { type: "string" },
} as const;

/** The command line of `npm run {command}`. */
export class Arguments {
  readonly #command: string;

  constructor(command: string) {
    this.#command = command;
  }

  /** Throws BadArgumentsError. */
  parse<const Options extends NonNullable<ParseArgsConfig["options"]>>(
    args: readonly string[],
    options: Options,
  ) {
    try {
      return parseArgs({ args: [...args], options }).values;
    } catch (error) {
      throw this.bad(error instanceof Error ? error.message : String(error));
    }
  }

  /** Throws BadArgumentsError. */
  wholeNumber(name: string, text: string, min = 1): number {
    const number = Number(text);
    if (!Number.isInteger(number) || number < min)
      throw this.bad(`--${name} ${text} is no whole number from ${min} on`);
    return number;
  }

  bad(problem: string): BadArgumentsError {
    return new BadArgumentsError(this.#command, problem);
  }
}
