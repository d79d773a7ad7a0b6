import { isUtf8 } from "node:buffer";
import { CsvQuotesError, CsvRowTooLongError, CsvUnterminatedError } from "./csv-errors.ts";

const quote = 0x22;
const space = 0x20;
const tab = 0x09;
const comma = 0x2c;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const maxRowBytes = 16 * 1024 * 1024;

/** The states of the scanner within a row. */
const start = 0;
const plain = 1;
const quoted = 2;
/** After a quote within quotes, which either closes them or is the first of a doubled quote. */
const closing = 3;
/** After carriage returns outside quotes. Followed by a line feed, they end the row, however many there are. */
const returns = 4;
const returnsAfterQuotes = 5;
/** After closing quotes, in trailing blanks. */
const blanks = 6;

/** A row in the buffer in which it was read, valid only until the next one. Cells are decoded on demand. */
export class CsvRow {
  /** Offset of the end of the row in the whole text, including its line ending. */
  end = 0;
  /** Number of carriage returns outside quotes that do not end the row. */
  bareReturns = 0;
  /** Position, from 1, of the first cell with blanks after its closing quotes; 0 if there is none. */
  blanksAfterQuotes = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #origin = 0;
  #length = 0;
  #cells = 0;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #doubled: boolean[] = [];

  get length(): number {
    return this.#cells;
  }

  /** Whether the row is empty, as between two line endings. */
  get isBlank(): boolean {
    return this.#length === 0;
  }

  get isUtf8(): boolean {
    return isUtf8(this.#bytes.subarray(this.#origin, this.#origin + this.#length));
  }

  /** The row without its line ending. */
  get raw(): Buffer {
    return this.#bytes.subarray(this.#origin, this.#origin + this.#length);
  }

  cell(index: number): string {
    if (index >= this.#cells) return "";
    const from = this.#origin + (this.#starts[index] ?? 0);
    const text = this.#bytes.toString("utf8", from, this.#origin + (this.#ends[index] ?? 0));
    return this.#doubled[index] ? text.replaceAll('""', '"') : text;
  }

  cells(): string[] {
    return Array.from({ length: this.#cells }, (_, index) => this.cell(index));
  }

  /** Offsets are relative to the start of the row. */
  add(from: number, to: number, doubled: boolean): void {
    this.#starts[this.#cells] = from;
    this.#ends[this.#cells] = to;
    this.#doubled[this.#cells] = doubled;
    this.#cells += 1;
  }

  place(bytes: Buffer, origin: number, length: number): void {
    this.#bytes = bytes;
    this.#origin = origin;
    this.#length = length;
  }

  clear(): void {
    this.#cells = 0;
    this.bareReturns = 0;
    this.blanksAfterQuotes = 0;
  }
}

export interface ScannerOptions {
  /** Offset of the first byte that is pushed. */
  readonly offset: number;
  /** Number of the current row, for error messages; 0 for the header. */
  rowNumber(): number;
  /** Blank lines are not rows. */
  onRow(row: CsvRow): void;
}

/**
 * Reads the rows of a CSV in one pass over its bytes, which may arrive in pieces of any size. Planning and processing
 * both use this scanner, so that they agree on the rows (F18). Quotes open a cell only at its start and are doubled
 * within. Blanks after closing quotes leave the end of the cell certain but not its content, so the row is marked and
 * reading continues. Throws CsvQuotesError, CsvRowTooLongError and CsvUnterminatedError.
 */
export class CsvScanner {
  /** May be changed between two rows. */
  delimiter = comma;
  readonly #options: ScannerOptions;
  readonly #row = new CsvRow();
  /** Earlier pieces of the current row. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Offset of the current row in the whole text. */
  #offset: number;
  #state = start;
  #cellStart = 0;
  #closedAt = 0;
  #doubled = false;
  #returns = 0;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#offset = options.offset;
  }

  push(piece: Uint8Array): void {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    /** Offset of the current row in this piece; negative if the row began in an earlier one. */
    let origin = -this.#heldBytes;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      const state = this.#state;
      if (state === quoted) {
        if (byte === quote) {
          this.#state = closing;
          this.#closedAt = at - origin;
        }
      } else if (byte === lineFeed) {
        this.#endRow(bytes, origin, at);
        origin = at + 1;
      } else if (byte === this.delimiter) {
        this.#endCell(at - origin, byte);
      } else if (state === plain) {
        if (byte === carriageReturn) this.#beginReturns(returns);
      } else if (state === start) this.#beginCell(byte, at - origin);
      else this.#afterQuotesOrReturns(byte);
    }
    const rest = bytes.subarray(Math.max(0, origin));
    if (rest.length > 0) this.#held.push(rest);
    this.#heldBytes = bytes.length - origin;
    if (this.#heldBytes > maxRowBytes) throw new CsvRowTooLongError(this.#options.rowNumber(), maxRowBytes);
  }

  /** Call this after the last byte. */
  end(): void {
    if (this.#state === quoted) throw new CsvUnterminatedError(this.#options.rowNumber());
    if (this.#heldBytes > 0) this.#endRow(Buffer.alloc(0), -this.#heldBytes, 0);
  }

  #beginCell(byte: number, position: number): void {
    this.#cellStart = position;
    this.#doubled = false;
    if (byte === carriageReturn) this.#beginReturns(returns);
    else if (byte === quote) {
      this.#state = quoted;
      this.#cellStart = position + 1;
    } else this.#state = plain;
  }

  #beginReturns(state: typeof returns | typeof returnsAfterQuotes): void {
    this.#state = state;
    this.#returns = 1;
  }

  #afterQuotesOrReturns(byte: number): void {
    if (this.#state === closing && byte === quote) {
      this.#state = quoted;
      this.#doubled = true;
    } else if ((this.#state === closing || this.#state === blanks) && isBlank(byte)) {
      this.#state = blanks;
      this.#row.blanksAfterQuotes ||= this.#row.length + 1;
    } else if ((this.#state === closing || this.#state === blanks) && byte === carriageReturn) {
      this.#beginReturns(returnsAfterQuotes);
    } else if (this.#state !== blanks && byte === carriageReturn) this.#returns += 1;
    else if (this.#state === returns) this.#keepReturns();
    else throw new CsvQuotesError(this.#options.rowNumber(), String.fromCharCode(byte));
  }

  /** The carriage returns are part of the cell. */
  #keepReturns(): void {
    this.#row.bareReturns += this.#returns;
    this.#state = plain;
  }

  /** `position` is the offset of the byte after the cell. */
  #endCell(position: number, next: number): void {
    if (this.#state === returnsAfterQuotes)
      throw new CsvQuotesError(this.#options.rowNumber(), String.fromCharCode(next));
    if (this.#state === returns) this.#keepReturns();
    if (this.#state === start) this.#row.add(position, position, false);
    else if (this.#state === closing || this.#state === blanks) {
      this.#row.add(this.#cellStart, this.#closedAt, this.#doubled);
    } else this.#row.add(this.#cellStart, position, false);
    this.#state = start;
  }

  /** Called at a line feed, or at the end of the text. */
  #endRow(bytes: Buffer, origin: number, at: number): void {
    const hasReturns = this.#state === returns || this.#state === returnsAfterQuotes;
    const length = at - origin - (hasReturns ? this.#returns : 0);
    const row = this.#row;
    if (this.#state === returnsAfterQuotes) this.#state = closing;
    else if (this.#state === returns) this.#state = this.#cellStart === length ? start : plain;
    this.#endCell(length, lineFeed);
    if (this.#held.length > 0) row.place(Buffer.concat([...this.#held, bytes.subarray(0, at)]), 0, length);
    else row.place(bytes, origin, length);
    this.#offset += at - origin + (bytes.length > 0 ? 1 : 0);
    row.end = this.#offset;
    this.#held = [];
    this.#heldBytes = 0;
    this.#state = start;
    if (!row.isBlank) this.#options.onRow(row);
    row.clear();
  }
}

function isBlank(byte: number): boolean {
  return byte === space || byte === tab;
}
