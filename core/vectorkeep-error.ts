import { errorCodeOf } from "../contract/error-code.ts";

/**
 * The base of every named error: what happened, to what, and what to do. A message is a sentence, so that one log line
 * is enough to act on.
 */
export abstract class VectorkeepError extends Error {
  /** What the operator should do. */
  readonly remedy: string;

  /** A stable code for logs, alarms and callers, as `VK_LEASE_LOST`. Derived from the class name by default. */
  get code(): string {
    return errorCodeOf(this.constructor.name);
  }

  constructor(what: string, remedy: string, options?: ErrorOptions) {
    super(`${what} ${remedy}`, options);
    this.name = new.target.name;
    this.remedy = remedy;
  }
}

/** A permanent error of the input: retries fail until the input is corrected. */
export abstract class InputError extends VectorkeepError {}
