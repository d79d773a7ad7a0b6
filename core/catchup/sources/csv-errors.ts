import { InputError } from "../../vectorkeep-error.ts";

/** The text ends within quotes, so the row boundaries are unknown. */
export class CsvUnterminatedError extends InputError {
  constructor(row: number) {
    super(
      `The CSV ends inside the quotes that ${nameOf(row)} opens.`,
      "Close the quotes, or write the file again with a program that escapes quotes by doubling them.",
    );
  }
}

/** Text follows the closing quotes of a cell: the quotes of this row or an earlier one do not match. */
export class CsvQuotesError extends InputError {
  constructor(row: number, found: string) {
    super(
      `The quotes that ${nameOf(row)} opens are closed before ${JSON.stringify(found)}, in the middle of a cell.`,
      "Close the quotes of that row, and double each quote inside a quoted cell.",
    );
  }
}

/** A row is larger than a function can hold, probably because its quotes are not closed. */
export class CsvRowTooLongError extends InputError {
  constructor(row: number, bytes: number) {
    super(
      `${capital(nameOf(row))} of the CSV is longer than ${bytes} bytes.`,
      "Look for quotes that are not closed near the start of that row.",
    );
  }
}

/** Bytes are invalid in the file's encoding. The intended text is unknown, so the file is not processed. */
export class CsvEncodingError extends InputError {
  constructor(row: number, encoding: string) {
    super(
      `${capital(nameOf(row))} of the CSV has bytes that are not ${encoding}.`,
      "Save the file as UTF-8, or send encoding=windows-1252 (utf-16le, utf-16be) if that is what it is.",
    );
  }
}

/** The object is not a CSV. */
export class SourceNotCsvError extends InputError {
  constructor(key: string, what: string) {
    super(
      `The object ${JSON.stringify(key)} is ${what}, not a CSV.`,
      "Export it as CSV and start a new task.",
    );
  }
}

/** The object is empty. */
export class SourceEmptyError extends InputError {
  constructor(key: string) {
    super(
      `The object ${JSON.stringify(key)} is empty: it has no header.`,
      "Upload a CSV with a header and start a new task.",
    );
  }
}

/** A required column is missing from the header or appears more than once. */
export class CsvHeaderInvalidError extends InputError {
  constructor(problems: readonly string[], columns: readonly string[]) {
    super(
      `The header of the CSV cannot be used: ${problems.join("; ")}. Its columns are ${JSON.stringify(columns)}.`,
      "Correct the file or the question that makes it, and start a new task.",
    );
  }
}

function nameOf(row: number): string {
  return row === 0 ? "the header" : `row ${row}`;
}

function capital(text: string): string {
  return text.replace(/^./, (first) => first.toUpperCase());
}
