export type Cell = string | number | boolean | null;

/** A field in quotes, in which quotes are doubled, or one without; then the delimiter. */
const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
const wholeNumber = /^-?\d+(\.\d+)?$/;

/** Parses CSV. A cell with a number in canonical form becomes a number, an empty cell becomes null. */
export function readCsv(text: string): Cell[][] {
  const rows: Cell[][] = [];
  let row: Cell[] = [];
  const source = text.replace(/^\uFEFF/, "").replace(/\r?\n$/, "");
  for (const [, quoted, plain = "", end] of source.matchAll(field)) {
    row.push(quoted === undefined ? readCell(plain) : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    rows.push(row);
    row = [];
    if (end === "") break;
  }
  return rows;
}

/** Formats one row like Metabase: quotes only where needed, and a newline. */
export function csvRow(cells: readonly Cell[], formatted: boolean): string {
  return `${cells.map((cell) => quote(show(cell, formatted))).join(",")}\n`;
}

function readCell(text: string): Cell {
  if (text === "") return null;
  return wholeNumber.test(text) && String(Number(text)) === text ? Number(text) : text;
}

/** With `format_rows`, numbers are exported with separators, as the question displays them. */
function show(cell: Cell, formatted: boolean): string {
  if (cell === null) return "";
  return formatted && typeof cell === "number" ? cell.toLocaleString("en-US") : String(cell);
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
