/**
 * The base of every named error: what happened, to what, and what to do about it.
 * A message reads as sentences, so that one log line is enough to act on.
 */
export abstract class VectorkeepError extends Error {
  /** What the reader of the log should do next. */
  readonly remedy: string;

  /** Stable, for logs, alarms and callers: `VK_LEASE_LOST`. By default made of the class's name. */
  get code(): string {
    return codeOf(this.constructor.name);
  }

  constructor(what: string, remedy: string, options?: ErrorOptions) {
    super(`${what} ${remedy}`, options);
    this.name = new.target.name;
    this.remedy = remedy;
  }
}

/** `LeaseLostError` -> `VK_LEASE_LOST`. Acronyms stay whole: `CSVRefusedError` -> `VK_CSV_REFUSED`. */
function codeOf(className: string): string {
  const words = className
    .replace(/(Error|Failure)$/, "")
    .replace(/([a-z\d])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2");
  return `VK_${words.toUpperCase()}`;
}

/** A failure of the input itself: trying again fails again, until somebody mends what was sent. */
export abstract class InputError extends VectorkeepError {}
