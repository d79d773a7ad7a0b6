import type * as z from "zod";

export type SqlValue = string | number | boolean | null;

/** Named parameters, `:name` in the statement. Anything but text, numbers and booleans is cast there: `:vector::vector`. */
export type SqlParameters = Readonly<Record<string, SqlValue>>;

/** Runs statements. Throws the errors of database-errors.ts. */
export interface Statements {
  /** The rows of a SELECT, each parsed by the schema: the Data API formats no others. Throws DatabaseRowInvalidError where one does not match. */
  query<Row extends z.ZodType>(row: Row, sql: string, parameters?: SqlParameters): Promise<z.infer<Row>[]>;
  /** For a statement without rows. Resolves to the number of rows that it changed. */
  execute(sql: string, parameters?: SqlParameters): Promise<number>;
}

/** The PostgreSQL database of the image flow. */
export interface Database extends Statements {
  /**
   * Runs the work in one transaction, again after a conflict with another writer or a lost connection, so the work must
   * have no other effect than its statements.
   */
  transaction<T>(work: (statements: Statements) => Promise<T>): Promise<T>;
}
