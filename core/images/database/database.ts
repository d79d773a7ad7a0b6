import type * as z from "zod";

export type SqlValue = string | number | boolean | null;

/**
 * Named parameters, `:name` in the statement. Types other than text, numbers and booleans need a cast in the statement:
 * `:vector::vector`.
 */
export type SqlParameters = Readonly<Record<string, SqlValue>>;

/** Runs statements. Throws the errors of database-errors.ts. */
export interface Statements {
  /**
   * Returns the rows of a SELECT, each parsed by the schema. Throws DatabaseRowInvalidError if a row does not match.
   */
  query<Row extends z.ZodType>(row: Row, sql: string, parameters?: SqlParameters): Promise<z.infer<Row>[]>;
  /** Runs a statement without result rows. Returns the number of changed rows. */
  execute(sql: string, parameters?: SqlParameters): Promise<number>;
}

/** The PostgreSQL database of the image flow. */
export interface Database extends Statements {
  /**
   * Runs the work in one transaction. Repeats it after a conflict with another writer or a lost connection, so that it
   * must have no effects except its statements.
   */
  transaction<T>(work: (statements: Statements) => Promise<T>): Promise<T>;
}
