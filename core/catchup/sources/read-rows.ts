import { Failure } from "../../failure.ts";
import { CsvScanner } from "./csv-scanner.ts";

/** Cells of one row, in the order of the columns. */
export type Cells = readonly string[];

/** The rows of a range are not as many as were counted when it was planned. */
export class RowsDisagree extends Failure {
  constructor(planned: number, found: number) {
    super(
      `A range of the CSV holds ${found} rows, and ${planned} were counted before.`,
      "The object was changed while its task ran, or this is a fault of the counting: start a new task, and report it.",
    );
  }
}

/** The rows of a range. Throws RowsDisagree unless there are as many as planned. */
export function readRows(bytes: Uint8Array, planned: number, delimiter = ","): Cells[] {
  const rows: Cells[] = [];
  const scanner = new CsvScanner({
    offset: 0,
    rowNumber: () => rows.length + 1,
    onRow: (row) => rows.push(row.cells()),
  });
  scanner.delimiter = delimiter.charCodeAt(0);
  scanner.push(bytes);
  scanner.end();
  if (rows.length !== planned) throw new RowsDisagree(planned, rows.length);
  return rows;
}
