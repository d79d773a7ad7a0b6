import { failedQuery } from "./api-error.ts";
import { type Cell, csvRow } from "./csv.ts";
import type { Fault } from "./faults.ts";

export const formats = ["csv", "json"] as const;
export type Format = (typeof formats)[number];

/** Metabase exports no more, and does not say so. */
const maxExported = 1_048_575;
const bytesAtOnce = 64 * 1024;

export interface Export {
  readonly format: Format;
  readonly columns: readonly string[];
  readonly rows: Iterable<readonly Cell[]>;
  readonly formatted: boolean;
  readonly fault: Fault | undefined;
}

/** The text of an exported file, in pieces. Throws in the middle for a connection that is to break. */
export function* exportedText(wanted: Export): Generator<string> {
  let piece = "";
  try {
    for (const text of texts(wanted)) {
      piece += text;
      if (piece.length < bytesAtOnce) continue;
      yield piece;
      piece = "";
    }
  } finally {
    yield piece;
  }
}

function* texts({ format, columns, rows, formatted, fault }: Export): Generator<string> {
  yield format === "csv" ? csvRow(columns, false) : "[";
  let count = 0;
  for (const row of rows) {
    if (count === maxExported) break;
    if (fault?.kind === "fails after" && count === fault.rows)
      return yield fault.text ?? JSON.stringify(failedQuery(fault.error));
    if (fault?.kind === "breaks off after" && count === fault.rows) throw new Error("The connection broke.");
    yield format === "csv" ? csvRow(row, formatted) : `${count === 0 ? "" : ","}\n${jsonRow(columns, row)}`;
    count += 1;
  }
  if (format === "json") yield "\n]";
}

function jsonRow(columns: readonly string[], row: readonly Cell[]): string {
  return JSON.stringify(Object.fromEntries(columns.map((column, index) => [column, row[index] ?? null])));
}
