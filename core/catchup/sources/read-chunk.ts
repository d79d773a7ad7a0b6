import { failedRecord, isMisfit, type Misfit, type SourceRow } from "../records/failed-record.ts";
import type { Chunk, Plan } from "./plan.ts";
import { type ReadRow, RowsDisagreeError, readRows } from "./read-rows.ts";

/** The rows in a chunk's bytes. Throws RowsDisagreeError if their number differs from the plan. */
export function rowsOfChunk(
  bytes: Uint8Array,
  chunk: Chunk,
  plan: Pick<Plan, "columns" | "delimiter">,
): SourceRow[] {
  if (chunk.format === "csv") return csvRows(bytes, chunk, plan);
  const rows = failedRows(bytes);
  if (rows.length !== chunk.rows) throw new RowsDisagreeError(chunk.rows, rows.length);
  return rows;
}

function csvRows(
  bytes: Uint8Array,
  chunk: Chunk,
  { columns, delimiter }: Pick<Plan, "columns" | "delimiter">,
): SourceRow[] {
  return readRows(bytes, chunk.rows, delimiter).map((read, index) => ({
    row: chunk.first_row + index,
    source: Object.fromEntries(
      read.cells.map((cell, position) => [nameOf(columns, position), cell] as const),
    ),
    misfit: misfitOf(read, columns),
  }));
}

function misfitOf({ cells, blanksAfterQuotes }: ReadRow, columns: readonly string[]): Misfit | undefined {
  if (blanksAfterQuotes > 0) {
    const column = nameOf(columns, blanksAfterQuotes - 1);
    const detail = `The column ${column} has blanks after its closing quotes; readers disagree whether they are part of it.`;
    return { reason: "quotes_unfit", detail };
  }
  if (cells.length === columns.length) return undefined;
  const counts = `The row has ${cells.length} cells; the header names ${columns.length} columns.`;
  const hasReturns = cells.some((cell) => cell.includes("\r"));
  return {
    reason: "columns_disagree",
    detail: hasReturns ? `${counts} It has CR line ends without LF.` : counts,
  };
}

function nameOf(columns: readonly string[], position: number): string {
  return columns[position] ?? `column ${position + 1}`;
}

/**
 * A row that failed because it did not match its columns keeps that misfit; any other failed row is validated again,
 * because it may have been corrected.
 */
export function failedRows(bytes: Uint8Array): SourceRow[] {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString().split("\n");
  return lines.filter(Boolean).map((line) => {
    const { row, source, reason, detail } = failedRecord.parse(JSON.parse(line));
    return { row, source, misfit: isMisfit(reason) ? { reason, detail } : undefined };
  });
}
