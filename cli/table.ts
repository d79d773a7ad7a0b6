import { terminalText } from "./terminal-text.ts";

export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/** Formats a plain table: a title row, then the cells, two spaces apart. Control characters in cells are removed. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const cells = [columns.map(({ title }) => title), ...rows.map((row) => row.map(terminalText))];
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)));
  return cells.map((row) =>
    columns
      .map(({ align }, index) => {
        const cell = row[index] ?? "";
        return align === "left" ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
}
