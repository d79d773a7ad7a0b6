import { VectorkeepError } from "../vectorkeep-error.ts";

/** Parts of a sweep failed. */
export class SweepIncompleteError extends VectorkeepError {
  constructor(what: string, reasons: readonly string[]) {
    super(
      `The sweep of ${what} is incomplete; ${reasons.length} failed; the first: ${reasons[0]}.`,
      "The next sweep retries. If it persists, check the sweeper's permissions and the services it calls.",
    );
  }
}
