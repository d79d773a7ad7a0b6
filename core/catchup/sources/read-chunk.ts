import { failedRecord, type SourceRow } from "../records/failed-record.ts";
import type { Chunk } from "./plan.ts";
import { RowsDisagree, readRows } from "./read-rows.ts";

/** The rows of a chunk's bytes. Throws RowsDisagree unless there are as many as planned. */
export function rowsOfChunk(bytes: Uint8Array, chunk: Chunk, columns: readonly string[]): SourceRow[] {
  return chunk.format === "csv" ? csvRows(bytes, chunk, columns) : failedRows(bytes, chunk);
}

function csvRows(bytes: Uint8Array, chunk: Chunk, columns: readonly string[]): SourceRow[] {
  return readRows(bytes, chunk.rows).map((cells, index) => ({
    row: chunk.first_row + index,
    source: Object.fromEntries(
      cells.map((cell, position) => [columns[position] ?? `column ${position + 1}`, cell] as const),
    ),
    misfit:
      cells.length === columns.length
        ? undefined
        : `The row has ${cells.length} cells; the header names ${columns.length} columns.`,
  }));
}

/** A row that did not fit its columns is judged by what it has: it may have been mended since. */
function failedRows(bytes: Uint8Array, chunk: Chunk): SourceRow[] {
  const lines = Buffer.from(bytes).toString().split("\n").filter(Boolean);
  if (lines.length !== chunk.rows) throw new RowsDisagree(chunk.rows, lines.length);
  return lines.map((line) => {
    const { row, source, reason, detail } = failedRecord.parse(JSON.parse(line));
    return { row, source, misfit: reason === "columns_disagree" ? detail : undefined };
  });
}
