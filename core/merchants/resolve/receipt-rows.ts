import type { Delta } from "../../deltas/delta.ts";

/** Returns the visual rows of a delta of lines, highest first; texts in a row are ordered from left to right. */
export function rowsOfDelta({ metadatas }: Pick<Delta, "metadatas">): string[] {
  const lines = metadatas.map(({ row, column, text }) => ({
    row: Number(row),
    column: Number(column),
    text: String(text),
  }));
  const byRow = Map.groupBy(lines, ({ row }) => row);
  return [...byRow]
    .sort(([one], [other]) => one - other)
    .map(([, row]) =>
      row
        .sort((one, other) => one.column - other.column)
        .map(({ text }) => text)
        .join(" "),
    );
}
