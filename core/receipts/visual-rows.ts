import { centreY } from "./box.ts";
import type { LineRow } from "./rows.ts";
import { splitColumns } from "./split-columns.ts";
import { tiedRows } from "./tied-rows.ts";

/** A row that an eye sees, from left to right, and what stands over and under it; undefined at the edge. */
export interface RowInContext<Row> {
  readonly row: readonly Row[];
  readonly above: readonly Row[] | undefined;
  readonly below: readonly Row[] | undefined;
}

/** The rows that an eye sees, highest first, each with its lines from left to right (ties by line_id). */
export function visualRows<Row extends LineRow>(lines: readonly Row[]): Row[][] {
  return tiedRows(lines).flatMap((tied) => splitColumns(tied)?.rows ?? [tied]);
}

/**
 * The row of each line, and its neighbours. A row's neighbours are those before and behind it; in a block of columns
 * that are not level with each other, those of the line's own column. Rows `apart` are nobody's neighbours, and have
 * those around their centre.
 */
export function rowsInContext<Row extends LineRow>(
  lines: readonly Row[],
  apart: ReadonlySet<Row>,
): Map<Row, RowInContext<Row>> {
  const blocks = tiedRows(lines.filter((line) => !apart.has(line))).map((tied) => ({
    tied,
    split: splitColumns(tied),
  }));
  const contexts = new Map<Row, RowInContext<Row>>();
  blocks.forEach(({ tied, split }, position) => {
    const before = blocks[position - 1];
    const behind = blocks[position + 1];
    const above = before && (before.split?.rows.at(-1) ?? before.tied);
    const below = behind && (behind.split?.rows[0] ?? behind.tied);
    for (const column of split?.columns ?? [[tied]]) {
      column.forEach((row, level) => {
        const context = { row, above: column[level - 1] ?? above, below: column[level + 1] ?? below };
        // A row that goes on in another column has the neighbours of its leftmost part.
        for (const line of row) if (!contexts.has(line)) contexts.set(line, context);
      });
    }
  });
  const rows = blocks.flatMap(({ tied, split }) => split?.rows ?? [tied]);
  for (const line of apart) {
    const behind = rows.findIndex((row) => row.every((other) => centreY(other) < centreY(line)));
    const below = behind < 0 ? rows.length : behind;
    contexts.set(line, { row: [line], above: rows[below - 1], below: rows[below] });
  }
  return contexts;
}
