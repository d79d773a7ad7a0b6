/** The types of a column. `auto` infers the type of each cell. */
export const columnTypes = ["auto", "string", "number", "boolean"] as const;

export type ColumnType = (typeof columnTypes)[number];
export type CellValue = string | number | boolean;

/** A cell's value (undefined if it is empty), or the reason why it does not match its column's type. */
export type CellReading = { readonly value: CellValue | undefined } | { readonly problem: string };

const plainNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/;
const groupedNumber = /^-?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/;
/** A decimal number without exponent. Whether it is in canonical form is checked separately. */
const printedNumber = /^-?\d+(?:\.\d+)?$/;
const printedBoolean = /^(?:true|false)$/i;
/** A double represents every number with this many digits. */
const digitsKept = 15;
/** Below this, a double has fewer digits. */
const smallestExact = 2 ** -1022;

/**
 * Converts a cell to a metadata value. With `auto`, `true` and `false` are booleans in any case; a cell is a number if
 * formatting that number gives the same text (F29); everything else stays a string: `007`, `1.10`, `1E5`, `1,250`,
 * dates, `NaN`, and integers that a double would round. An empty cell has no value. A declared type is strict: any
 * other value is a problem. A declared number may have exponents, trailing zeros and thousands separators.
 */
export function readCell(cell: string, type: ColumnType): CellReading {
  if (cell.trim() === "") return { value: undefined };
  if (type === "string") return { value: cell };
  if (type === "auto") return { value: asPrinted(cell) };
  const text = cell.trim();
  const value = type === "number" ? asNumber(text) : asBoolean(text);
  return value === undefined ? { problem: `${JSON.stringify(cell)} is not a ${type}` } : { value };
}

function asPrinted(cell: string): CellValue {
  if (printedBoolean.test(cell)) return cell.toLowerCase() === "true";
  if (!printedNumber.test(cell)) return cell;
  const number = asNumber(cell);
  return number !== undefined && String(number) === cell ? number : cell;
}

function asBoolean(text: string): boolean | undefined {
  return printedBoolean.test(text) ? text.toLowerCase() === "true" : undefined;
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

/** `1e-999` would become 0, and numbers close to 0 lose digits. */
function survives(number: number, digits: string): boolean {
  return digits === "" || Math.abs(number) >= smallestExact;
}
