import { VectorkeepError } from "../../vectorkeep-error.ts";

/** Serialization failure, deadlock, unique violation: another writer was faster, and a retry reads its result. */
const conflicts = new Set(["40001", "40P01", "23505"]);

/** PostgreSQL rejected a statement. */
export class DatabaseStatementError extends VectorkeepError {
  /** PostgreSQL's error code; undefined if the response has none. */
  readonly sqlState: string | undefined;

  constructor(message: string, options?: ErrorOptions) {
    super(
      `The database refused a statement: ${message}.`,
      "Deploy again, which applies missing migrations, and check the log of image-migrate.",
      options,
    );
    this.sqlState = /SQLState: (\w{5})/.exec(message)?.[1];
  }

  get isConflict(): boolean {
    return this.sqlState !== undefined && conflicts.has(this.sqlState);
  }
}

/** The database did not respond before the deadline, because it is resuming after a pause or is unreachable. */
export class DatabaseUnavailableError extends VectorkeepError {
  constructor(reason: string, options?: ErrorOptions) {
    super(
      `The database did not answer before the deadline: ${reason}.`,
      "The work is retried later. A paused cluster needs up to a minute to start; check the cluster's status if this lasts.",
      options,
    );
  }
}

/** The Data API denies access to the caller, the secret or the cluster. */
export class DatabaseNotAllowedError extends VectorkeepError {
  constructor(reason: string, options?: ErrorOptions) {
    super(
      `The Data API refuses the request: ${reason}.`,
      "Check the function's role, its database secret and that the cluster's Data API is enabled; then deploy again.",
      options,
    );
  }
}

/** A row does not have the columns that its statement declares. */
export class DatabaseRowInvalidError extends VectorkeepError {
  constructor(problem: string) {
    super(
      `A row of the database is not as expected: ${problem}.`,
      "The schema and the code do not match: deploy again, which applies missing migrations.",
    );
  }
}

export function isConflict(error: unknown): boolean {
  return error instanceof DatabaseStatementError && error.isConflict;
}
