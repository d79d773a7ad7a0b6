import { VectorkeepError } from "../../vectorkeep-error.ts";

/** Serialization failure, deadlock, unique violation: another writer was faster, and a repetition reads its result. */
const conflicts = new Set(["40001", "40P01", "23505"]);

/** PostgreSQL refused a statement. */
export class DatabaseStatementError extends VectorkeepError {
  /** PostgreSQL's error code; undefined if the answer has none. */
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

/** The database did not answer before the deadline: it is starting after a pause, or cannot be reached. */
export class DatabaseUnavailableError extends VectorkeepError {
  constructor(reason: string, options?: ErrorOptions) {
    super(
      `The database did not answer before the deadline: ${reason}.`,
      "The work is retried later. A paused cluster needs up to a minute to start; check the cluster's status if this lasts.",
      options,
    );
  }
}

/** The Data API refuses the caller, the secret or the cluster. */
export class DatabaseNotAllowedError extends VectorkeepError {
  constructor(reason: string, options?: ErrorOptions) {
    super(
      `The Data API refuses the request: ${reason}.`,
      "Check the function's role, its database secret and that the cluster's Data API is enabled; then deploy again.",
      options,
    );
  }
}

/** A row has not the columns that its statement promises. */
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
