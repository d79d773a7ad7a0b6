import { VectorkeepError } from "../vectorkeep-error.ts";

/** A sweep has left something undone. */
export class SweepIncompleteError extends VectorkeepError {
  constructor(what: string, reasons: readonly string[]) {
    super(
      `The sweep of ${what} is incomplete; ${reasons.length} failed, the first with: ${reasons[0]}.`,
      "The next sweep tries again. If it goes on, look for what the sweeper may not do or cannot reach.",
    );
  }
}
