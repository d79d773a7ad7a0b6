import { failedRecord, type SourceRow } from "../records/failed-record.ts";
import type { Chunk, Plan } from "./plan.ts";
import { RowsDisagree, readRows } from "./read-rows.ts";

/** The rows of a chunk's bytes. Throws RowsDisagree unless there are as many as planned. */
export function rowsOfChunk(
  bytes: Uint8Array,
  chunk: Chunk,
  plan: Pick<Plan, "columns" | "delimiter">,
): SourceRow[] {
  if (chunk.format === "csv") return csvRows(bytes, chunk, plan);
  const rows = failedRows(bytes);
  if (rows.length !== chunk.rows) throw new RowsDisagree(chunk.rows, rows.length);
  return rows;
}

function csvRows(
  bytes: Uint8Array,
  chunk: Chunk,
  { columns, delimiter }: Pick<Plan, "columns" | "delimiter">,
): SourceRow[] {
  return readRows(bytes, chunk.rows, delimiter).map((cells, index) => ({
    row: chunk.first_row + index,
    source: Object.fromEntries(
      cells.map((cell, position) => [columns[position] ?? `column ${position + 1}`, cell] as const),
    ),
    misfit: cells.length === columns.length ? undefined : misfitOf(cells, columns.length),
  }));
}

function misfitOf(cells: readonly string[], columns: number): string {
  const counts = `The row has ${cells.length} cells; the header names ${columns} columns.`;
  return cells.some((cell) => cell.includes("\r")) ? `${counts} It has CR line ends without LF.` : counts;
}

/** A row that did not fit its columns is judged by what it has: it may have been mended since. */
export function failedRows(bytes: Uint8Array): SourceRow[] {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString().split("\n");
  return lines.filter(Boolean).map((line) => {
    const { row, source, reason, detail } = failedRecord.parse(JSON.parse(line));
    return { row, source, misfit: reason === "columns_disagree" ? detail : undefined };
  });
}
