/** What a column can be declared to hold. `auto` lets each cell tell. */
export const columnTypes = ["auto", "string", "number", "boolean"] as const;

export type ColumnType = (typeof columnTypes)[number];
export type CellValue = string | number | boolean;

/** A cell: its value, nothing where it is empty, or why it is not of its column's type. */
export type CellReading = { readonly value: CellValue | undefined } | { readonly problem: string };

const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;
const groupedNumber = /^-?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/;
/** A double keeps any number of so many digits. */
const digitsKept = 15;
/** Nearer to 0 it keeps fewer. */
const smallestExact = 2 ** -1022;

/**
 * Rules by which a cell becomes metadata. `auto`: `true` and `false` are booleans; a number is one that comes back as
 * it was written, or with thousands separators; all else is text: `007`, dates, `NaN`, `1e999`, integers that a
 * double would round. An empty cell is no value. A declared type is never left: what does not fit is a problem.
 */
export function readCell(cell: string, type: ColumnType): CellReading {
  if (cell.trim() === "") return { value: undefined };
  if (type === "string") return { value: cell };
  const text = cell.trim();
  const number = asNumber(text);
  const boolean = asBoolean(text);
  if (type === "auto") return { value: boolean ?? number ?? cell };
  const value = type === "number" ? number : boolean;
  return value === undefined ? { problem: `${JSON.stringify(cell)} is no ${type}` } : { value };
}

function asBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase();
  if (lower !== "true" && lower !== "false") return undefined;
  return lower === "true";
}

function asNumber(text: string): number | undefined {
  if (!plainNumber.test(text) && !groupedNumber.test(text)) return undefined;
  const number = Number(text.replaceAll(",", ""));
  const digits = text
    .replace(/[eE].*/, "")
    .replace(/\D/g, "")
    .replace(/^0+/, "");
  return Number.isFinite(number) && digits.length <= digitsKept && survives(number, digits)
    ? number
    : undefined;
}

/** `1e-999` would become 0, and what is nearly 0 loses digits. */
function survives(number: number, digits: string): boolean {
  return digits === "" || Math.abs(number) >= smallestExact;
}
