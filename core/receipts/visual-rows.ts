import type { LineRow } from "./rows.ts";
import { splitColumns } from "./split-columns.ts";
import { tiedRows } from "./tied-rows.ts";

/** The visual rows, highest first, each with its lines from left to right (ties by line_id). */
export function visualRows<Row extends LineRow>(lines: readonly Row[]): Row[][] {
  return tiedRows(lines).flatMap((tied) => splitColumns(tied) ?? [tied]);
}

/** The row of each line. Each line in `apart` is a row of its own. */
export function rowOfEachLine<Row extends LineRow>(
  lines: readonly Row[],
  apart: ReadonlySet<Row>,
): Map<Row, readonly Row[]> {
  const rows = visualRows(lines.filter((line) => !apart.has(line)));
  const alone = [...apart].map((line) => [line]);
  return new Map([...rows, ...alone].flatMap((row) => row.map((line) => [line, row] as const)));
}
