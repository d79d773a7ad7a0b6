import { InputError } from "../../vectorkeep-error.ts";
import { type DelimiterName, delimiterNames, delimiters } from "../requests/csv-form.ts";
import { CsvScanner } from "./csv-scanner.ts";
import { namesRequired } from "./header.ts";

/** The header has the columns that are needed, parted by another delimiter than the file was read by. */
export class CsvDelimiterError extends InputError {
  constructor(found: DelimiterName, used: string) {
    super(
      `The columns of the CSV are parted by a ${found}, and it was read by ${JSON.stringify(used)}.`,
      `Send delimiter=${found} with the request (--delimiter ${found}), or save the file with commas.`,
    );
  }
}

const separatorForm = /^"?sep=(.)"?$/i;

/** The delimiter that a line `sep=;` names; undefined where the line is another. */
export function separatorLine(line: string): string | undefined {
  const named = separatorForm.exec(line)?.[1];
  return Object.values<string>(delimiters).find((one) => one === named);
}

/** The delimiter, other than `used`, by which a header row names the columns that are needed. */
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
    // Quotes that do not match by this delimiter: it is another one.
    if (!(error instanceof InputError)) throw error;
  }
  return cells;
}
