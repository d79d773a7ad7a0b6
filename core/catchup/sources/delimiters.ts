import { InputError } from "../../vectorkeep-error.ts";
import { type DelimiterName, delimiterNames, delimiters } from "../requests/csv-form.ts";
import { CsvScanner } from "./csv-scanner.ts";
import { namesRequired } from "./header.ts";

/** The header has the required columns, but with another delimiter than the one used to read the file. */
export class CsvDelimiterError extends InputError {
  constructor(found: DelimiterName, used: string) {
    super(
      `The columns of the CSV are separated by a ${found}, but it was read with ${JSON.stringify(used)}.`,
      `Send delimiter=${found} with the request (--delimiter ${found}), or save the file with commas.`,
    );
  }
}

const separatorForm = /^"?sep=(.)"?$/i;

/** The delimiter in a line such as `sep=;`; undefined for any other line. */
export function separatorLine(line: string): string | undefined {
  const named = separatorForm.exec(line)?.[1];
  return Object.values<string>(delimiters).find((one) => one === named);
}

/** A delimiter other than `used` with which the header has the required columns. */
export function otherDelimiter(header: Uint8Array, used: string): DelimiterName | undefined {
  return delimiterNames.find(
    (name) => delimiters[name] !== used && namesRequired(cellsBy(header, delimiters[name])),
  );
}

function cellsBy(header: Uint8Array, delimiter: string): string[] {
  let cells: string[] = [];
  const scanner = new CsvScanner({ offset: 0, rowNumber: () => 0, onRow: (row) => (cells = row.cells()) });
  scanner.delimiter = delimiter.charCodeAt(0);
  try {
    scanner.push(header);
    scanner.end();
  } catch (error) {
    // The quotes do not match with this delimiter, so it is not the right one.
    if (!(error instanceof InputError)) throw error;
  }
  return cells;
}
