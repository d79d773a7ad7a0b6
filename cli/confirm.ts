import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { VectorkeepError } from "../core/vectorkeep-error.ts";

/** The operator did not confirm an irreversible action. */
export class NotConfirmedError extends VectorkeepError {
  constructor(why: string) {
    super(why, "Nothing was done. Answer yes at a terminal, or give --yes in a script.");
  }
}

export interface Dialogue {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable;
}

/** Questions go to standard error, because another program may read standard output. */
const withOperator: Dialogue = { input: process.stdin, output: process.stderr };

/** Asks the operator for confirmation. Throws NotConfirmedError for any answer except yes, and without a terminal. */
export async function confirm(what: string, { input, output }: Dialogue = withOperator): Promise<void> {
  if (!input.isTTY) throw new NotConfirmedError(`${what} There is no terminal to ask on.`);
  output.write(`${what} Type yes to continue: `);
  for await (const answer of createInterface({ input })) {
    if (answer.trim().toLowerCase() === "yes") return;
    break;
  }
  throw new NotConfirmedError("The answer was not yes.");
}
