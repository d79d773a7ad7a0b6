/**
 * The base of every named error: what happened, to what, and what to do about it.
 * A message reads as sentences, so that one log line is enough to act on.
 */
export abstract class Failure extends Error {
  /** What the reader of the log should do next. */
  readonly remedy: string;

  constructor(what: string, remedy: string, options?: ErrorOptions) {
    super(`${what} ${remedy}`, options);
    this.name = new.target.name;
    this.remedy = remedy;
  }
}

/** A failure of the input itself: trying again fails again, until somebody mends what was sent. */
export abstract class InputFailure extends Failure {}
