import { VectorkeepError } from "../../vectorkeep-error.ts";
import { CsvScanner } from "./csv-scanner.ts";

/** One row of a range. */
export interface ReadRow {
  /** In the order of the columns. */
  readonly cells: readonly string[];
  /** Place of the first cell that has blanks after its closing quotes, from 1; 0 where there is none. */
  readonly blanksAfterQuotes: number;
}

/** The rows of a range are not as many as were counted when it was planned. */
export class RowsDisagreeError extends VectorkeepError {
  constructor(planned: number, found: number) {
    super(
      `A range of the CSV holds ${found} rows, and ${planned} were counted before.`,
      "The object was changed while its task ran, or this is a fault of the counting: start a new task, and report it.",
    );
  }
}

/** The rows of a range. Throws RowsDisagreeError unless there are as many as planned. */
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
