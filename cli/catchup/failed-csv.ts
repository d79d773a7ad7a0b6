import { createWriteStream } from "node:fs";
import { rename } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FailedRecord } from "../../core/catchup/records/failed-record.ts";

/** These columns precede the columns of the rows. */
const ownColumns = ["failed_row", "failed_reason", "failed_detail"] as const;

/**
 * Writes failed records and the cells of their rows to a CSV file. Returns the number of records. Reads `records`
 * twice, first to determine the columns. The file appears only when it is complete.
 */
export async function writeFailedCsv(
  path: string,
  records: () => AsyncIterable<FailedRecord>,
): Promise<number> {
  const columns = new Set<string>();
  let count = 0;
  for await (const { source } of records()) {
    for (const column of Object.keys(source)) columns.add(column);
    count += 1;
  }
  const unfinished = `${path}.unfinished`;
  await pipeline(Readable.from(csvLines([...columns], records())), createWriteStream(unfinished));
  await rename(unfinished, path);
  return count;
}

async function* csvLines(
  columns: readonly string[],
  records: AsyncIterable<FailedRecord>,
): AsyncGenerator<string> {
  yield csvLine([...ownColumns, ...columns]);
  for await (const { row, reason, detail, source } of records) {
    const cells = columns.map((column) => (Object.hasOwn(source, column) ? (source[column] ?? "") : ""));
    yield csvLine([String(row), reason, detail, ...cells]);
  }
}

function csvLine(cells: readonly string[]): string {
  return `${cells.map(quoted).join(",")}\n`;
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
