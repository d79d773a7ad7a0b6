/**
 * The base of every named error: what happened, to what, and what to do. A message is a sentence, so that one log line
 * is enough to act on.
 */
export abstract class VectorkeepError extends Error {
  /** What the operator should do. */
  readonly remedy: string;

  /** A stable code for logs, alarms and callers, as `VK_LEASE_LOST`. Derived from the class name by default. */
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

/** A permanent error of the input: retries fail until the input is corrected. */
export abstract class InputError extends VectorkeepError {}
