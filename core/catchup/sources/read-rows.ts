import { VectorkeepError } from "../../vectorkeep-error.ts";
import { CsvScanner } from "./csv-scanner.ts";

/** One row of a range. */
export interface ReadRow {
  /** In the order of the columns. */
  readonly cells: readonly string[];
  /** Position, from 1, of the first cell with blanks after its closing quotes; 0 if there is none. */
  readonly blanksAfterQuotes: number;
}

/** A range does not have the number of rows that was counted when it was planned. */
export class RowsDisagreeError extends VectorkeepError {
  constructor(planned: number, found: number) {
    super(
      `A range of the CSV holds ${found} rows, but ${planned} were planned.`,
      "The object was changed while its task ran, or they were miscounted. Start a new task and report this.",
    );
  }
}

/** The rows in a range. Throws RowsDisagreeError if their number differs from the plan. */
export function readRows(bytes: Uint8Array, planned: number, delimiter = ","): ReadRow[] {
  const rows: ReadRow[] = [];
  const scanner = new CsvScanner({
    offset: 0,
    rowNumber: () => rows.length + 1,
    onRow: (row) => rows.push({ cells: row.cells(), blanksAfterQuotes: row.blanksAfterQuotes }),
  });
  scanner.delimiter = delimiter.charCodeAt(0);
  scanner.push(bytes);
  scanner.end();
  if (rows.length !== planned) throw new RowsDisagreeError(planned, rows.length);
  return rows;
}
