import { isUtf8 } from "node:buffer";
import type * as z from "zod";
import type { Collection } from "../../contract/collections.ts";
import { problems } from "../text/problems.ts";
import { hasLoneSurrogate, wellFormedText } from "../text/well-formed-text.ts";
import type { ReceiptRef } from "./receipt.ts";
import { type LineRow, lineRow, usedFields, type WordRow, wordNumber, wordRow } from "./rows.ts";
import { silentChanges } from "./silent-changes.ts";

/** A rejected row, with its position and the reason. It gets no vector. */
export interface RejectedRow {
  readonly file: Collection;
  /** 1-based line of the NDJSON file. */
  readonly line_number: number;
  readonly reason: string;
  /** The original text of the row. */
  readonly row: string;
}

/** A row that was accepted after a repair: what was replaced, and its position. */
export interface RepairedRow {
  readonly file: Collection;
  readonly line_number: number;
  readonly what: string;
}

export interface ParsedRows<Row> {
  readonly rows: readonly Row[];
  readonly rejected: readonly RejectedRow[];
  readonly repaired: readonly RepairedRow[];
  /** 1-based line of the NDJSON file that each accepted row came from. */
  readonly lineNumbers: ReadonlyMap<Row, number>;
}

export function parseLines(file: Uint8Array, receipt: ReceiptRef): ParsedRows<LineRow> {
  return parseRows(file, lineRow, "lines", receipt);
}

export function parseWords(file: Uint8Array, receipt: ReceiptRef): ParsedRows<WordRow> {
  return parseRows(file, wordRow, "words", receipt);
}

/**
 * Parses NDJSON: a BOM is accepted, blank lines are skipped, and the final newline is optional. An invalid row is
 * rejected alone; of rows with the same number the first is kept.
 */
function parseRows<Row extends LineRow>(
  file: Uint8Array,
  schema: z.ZodType<Row>,
  collection: Collection,
  receipt: ReceiptRef,
): ParsedRows<Row> {
  const rows: Row[] = [];
  const rejected: RejectedRow[] = [];
  const repaired: RepairedRow[] = [];
  const lineNumbers = new Map<Row, number>();
  const taken = new Set<string>();
  for (const { lineNumber, bytes } of textLines(file)) {
    const text = bytes.toString();
    const checked = checkRow(bytes, text, schema, receipt, taken);
    if (typeof checked === "string") {
      rejected.push({ file: collection, line_number: lineNumber, reason: checked, row: text });
      continue;
    }
    const row = wellFormed(checked);
    if (row !== checked)
      repaired.push({ file: collection, line_number: lineNumber, what: replacedSurrogate });
    rows.push(row);
    lineNumbers.set(row, lineNumber);
  }
  return { rows, rejected, repaired, lineNumbers };
}

const replacedSurrogate = "text: half of a surrogate pair was replaced by U+FFFD";

/** Returns the same row if its text is well formed, as nearly all are. */
function wellFormed<Row extends LineRow>(row: Row): Row {
  return hasLoneSurrogate(row.text) ? { ...row, text: wellFormedText(row.text) } : row;
}

/** The row, or why it is invalid. */
function checkRow<Row extends LineRow>(
  bytes: Buffer,
  text: string,
  schema: z.ZodType<Row>,
  receipt: ReceiptRef,
  taken: Set<string>,
): Row | string {
  if (!isUtf8(bytes)) return "not UTF-8";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `not JSON: ${(error as SyntaxError).message}`;
  }
  const parsed = schema.safeParse(value);
  const silent = silentChanges(text, (key) => usedFields.has(key));
  const found = [...silent, ...(parsed.success ? [] : problems(parsed.error))];
  if (!parsed.success || found.length > 0) return found.join("; ");
  const row = parsed.data;
  if (row.image_id !== receipt.imageId) return `image_id is ${row.image_id}, not ${receipt.imageId}`;
  if (row.receipt_id !== receipt.receiptId)
    return `receipt_id is ${row.receipt_id}, not ${receipt.receiptId}`;
  const number =
    wordNumber(row) < 0 ? `line_id ${row.line_id}` : `line_id ${row.line_id}, word_id ${wordNumber(row)}`;
  if (taken.has(number)) return `${number} is already used by an earlier row`;
  taken.add(number);
  return row;
}

const newline = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** The non-blank lines of a file. */
function* textLines(file: Uint8Array): Generator<{ lineNumber: number; bytes: Buffer }> {
  const buffer = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  let start = buffer.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? byteOrderMark.length : 0;
  for (let lineNumber = 1; start < buffer.length; lineNumber++) {
    const found = buffer.indexOf(newline, start);
    const end = found < 0 ? buffer.length : found;
    const bytes = buffer.subarray(start, end);
    if (!isBlank(bytes)) yield { lineNumber, bytes };
    start = end + 1;
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
