import { parse } from "csv-parse/sync";
import { Failure, InputFailure } from "../../failure.ts";

/** Cells of one row, in the order of the columns. */
export type Cells = readonly string[];

/** The same reading of quotes as row-ranges.ts: what that counts as a row is one here. */
const reading = {
  relax_quotes: true,
  relax_column_count: true,
  skip_empty_lines: true,
  record_delimiter: ["\r\n", "\n"],
};

export const requiredColumns = ["id", "formatted_text"] as const;

/** The first row does not name the columns that are needed, each once. */
export class CsvHeaderInvalid extends InputFailure {
  constructor(problems: readonly string[], columns: readonly string[]) {
    super(
      `The header of the CSV cannot be used: ${problems.join("; ")}. Its columns are ${JSON.stringify(columns)}.`,
      "Correct the file or the question that makes it, and start a new task.",
    );
  }
}

/** The rows of a range are not as many as were counted when it was planned. */
export class RowsDisagree extends Failure {
  constructor(planned: number, found: number) {
    super(
      `A range of the CSV holds ${found} rows, and ${planned} were counted before.`,
      "The object was changed while its task ran, or this is a fault of the counting: start a new task, and report it.",
    );
  }
}

/** The columns that a header row names. `needed` are further ones that must be there. Throws CsvHeaderInvalid. */
export function readHeader(bytes: Uint8Array | undefined, needed: readonly string[]): string[] {
  const [row = []] = bytes === undefined ? [] : rowsOf(bytes, true);
  const columns = row.map((name) => name.trim());
  const problems = [
    ...[...requiredColumns, ...needed]
      .filter((name) => !columns.includes(name))
      .map((name) => `there is no column ${name}`),
    ...[...new Set(columns.filter((name, index) => name !== "" && columns.indexOf(name) !== index))].map(
      (name) => `column ${name} is there more than once`,
    ),
    ...columns
      .filter((name) => name.startsWith("$"))
      .map((name) => `column ${name} begins with $, which Pinecone refuses`),
  ];
  if (problems.length > 0) throw new CsvHeaderInvalid(problems, columns);
  return columns;
}

/** The rows of a range. Throws RowsDisagree unless there are as many as planned. */
export function readRows(bytes: Uint8Array, planned: number): Cells[] {
  const rows = rowsOf(bytes, false);
  if (rows.length !== planned) throw new RowsDisagree(planned, rows.length);
  return rows;
}

/** Only the first range of a file can begin with a byte order mark; in a row it is a sign like others. */
function rowsOf(bytes: Uint8Array, bom: boolean): string[][] {
  return parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), { ...reading, bom });
}
