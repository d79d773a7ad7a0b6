import { InputFailure } from "../../failure.ts";

/** A row-aligned part of a CSV object. */
export interface RowRange {
  /** Of the first and the last byte, both included. */
  readonly first: number;
  readonly last: number;
  /** Rows in it, the header apart; blank lines are none. */
  readonly rows: number;
}

export interface RangeLimits {
  readonly rows: number;
  /** A range is ended by the row that reaches it. */
  readonly bytes: number;
}

/** The text ends within quotes, so where rows end cannot be told. */
export class CsvUnterminated extends InputFailure {
  constructor(row: number) {
    super(
      `The CSV ends inside the quotes that row ${row} opens.`,
      "Close the quotes, or write the file anew with a program that escapes quotes by doubling them.",
    );
  }
}

/** One row is larger than a function could hold: most likely its quotes are never closed where they should be. */
export class CsvRowTooLong extends InputFailure {
  constructor(row: number, bytes: number) {
    super(
      `Row ${row} of the CSV is longer than ${bytes} bytes.`,
      "Look for quotes that are not closed near the start of that row.",
    );
  }
}

const quote = 0x22;
const comma = 0x2c;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const byteOrderMark = [0xef, 0xbb, 0xbf];
const longestRow = 16 * 1024 * 1024;

/** Where in a row the next byte stands. */
const start = 0;
const afterReturn = 1;
const plain = 2;
const quoted = 3;
const quoteInQuoted = 4;

/**
 * Cuts CSV into row-aligned ranges in one pass over its bytes, which may come in pieces of any size. It reads quotes as
 * read-rows.ts does: they open a quoted cell only at the cell's start, and are doubled within. The first row is the header.
 */
export class RowRanges {
  readonly #limits: RangeLimits;
  readonly #ended: RowRange[] = [];
  #header: Buffer | undefined;
  #headerPieces: Buffer[] = [];
  #state = start;
  #offset = 0;
  #rowHasText = false;
  #rowStart = 0;
  #rangeStart = 0;
  #rangeRows = 0;
  #rows = 0;

  constructor(limits: RangeLimits) {
    this.#limits = limits;
  }

  /** The header's bytes, a byte order mark included; undefined until its row has ended. */
  get header(): Buffer | undefined {
    return this.#header;
  }

  /** Rows so far, the header apart. */
  get rows(): number {
    return this.#rows;
  }

  /** The ranges that have ended since the last time. */
  take(): RowRange[] {
    return this.#ended.splice(0);
  }

  /** Throws CsvRowTooLong. */
  push(piece: Uint8Array): void {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let state = this.#state;
    for (let at = this.#markBefore(bytes); at < bytes.length; at += 1) {
      const byte = bytes[at];
      if (state === quoted) {
        if (byte === quote) state = quoteInQuoted;
      } else if (byte === lineFeed) {
        this.#endRow(bytes, at + 1);
        state = start;
      } else if (byte === comma) {
        this.#rowHasText = true;
        state = start;
      } else if (state === start && byte === carriageReturn) {
        state = afterReturn;
      } else if (state !== plain) {
        this.#rowHasText = true;
        state = byte === quote && state !== afterReturn ? quoted : plain;
      }
    }
    this.#state = state;
    if (this.#header === undefined)
      this.#headerPieces.push(Buffer.from(bytes.subarray(this.#inPiece(this.#rowStart))));
    this.#offset += bytes.length;
    if (this.#offset - this.#rowStart > longestRow) throw new CsvRowTooLong(this.#rows + 1, longestRow);
  }

  /** After the last byte. Throws CsvUnterminated. */
  end(): void {
    if (this.#state === quoted) throw new CsvUnterminated(this.#rows + 1);
    if (this.#state === afterReturn) this.#rowHasText = true;
    if (this.#rowHasText) this.#endRow(Buffer.alloc(0), 0);
    if (this.#rangeRows > 0) this.#endRange(this.#offset);
  }

  /** A row has ended before `next`, a place in the piece. */
  #endRow(bytes: Buffer, next: number): void {
    if (this.#header === undefined) this.#endHeader(bytes, next);
    else if (this.#rowHasText) {
      this.#rows += 1;
      this.#rangeRows += 1;
    }
    this.#rowHasText = false;
    this.#rowStart = this.#offset + next;
    const full =
      this.#rangeRows >= this.#limits.rows || this.#rowStart - this.#rangeStart >= this.#limits.bytes;
    if (full && this.#rangeRows > 0) this.#endRange(this.#rowStart);
  }

  #endHeader(bytes: Buffer, next: number): void {
    const row = Buffer.concat([...this.#headerPieces, bytes.subarray(this.#inPiece(this.#rowStart), next)]);
    this.#headerPieces = [];
    if (!this.#rowHasText) return;
    this.#header = row;
    this.#rangeStart = this.#offset + next;
  }

  #endRange(end: number): void {
    this.#ended.push({ first: this.#rangeStart, last: end - 1, rows: this.#rangeRows });
    this.#rangeStart = end;
    this.#rangeRows = 0;
  }

  /** Where an offset of the whole text lies in the current piece; 0 where it lies before. */
  #inPiece(offset: number): number {
    return Math.max(0, offset - this.#offset);
  }

  /** How many bytes of a byte order mark the piece begins with. */
  #markBefore(bytes: Buffer): number {
    let length = 0;
    while (
      this.#offset + length < byteOrderMark.length &&
      bytes[length] === byteOrderMark[this.#offset + length]
    ) {
      length += 1;
    }
    return length;
  }
}
