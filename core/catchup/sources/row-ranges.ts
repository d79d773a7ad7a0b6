import { CsvEncodingError } from "./csv-errors.ts";
import { type CsvRow, CsvScanner } from "./csv-scanner.ts";
import { separatorLine } from "./delimiters.ts";

/** A row-aligned part of a CSV object. */
export interface RowRange {
  /** Offsets of the first and the last byte, both included. */
  readonly first: number;
  readonly last: number;
  /** Number of rows, without the header and blank lines. */
  readonly rows: number;
}

export interface RangeLimits {
  readonly rows: number;
  /** A range ends with the row that reaches this size. */
  readonly bytes: number;
}

export interface RangeOptions {
  /** Offset of the first byte that is pushed: the length of an omitted byte order mark. */
  readonly offset: number;
  /** The delimiter of cells. If undefined, a `sep=` line may set it; otherwise it is a comma. */
  readonly delimiter: string | undefined;
  /** The encoding as callers name it, for messages. */
  readonly encoding: string;
  /** Validates the header before anything that follows is read. */
  onHeader(row: CsvRow): void;
  /** Rows are numbered from 1. */
  onRow(row: CsvRow, number: number): void;
}

/**
 * Splits CSV into row-aligned ranges in one pass over its bytes, which may arrive in pieces of any size. The first row
 * is the header.
 */
export class RowRanges {
  readonly #limits: RangeLimits;
  readonly #options: RangeOptions;
  readonly #scanner: CsvScanner;
  readonly #ended: RowRange[] = [];
  #hasHeader = false;
  #mayBeSeparator: boolean;
  #rangeStart = 0;
  #rangeEnd = 0;
  #rangeRows = 0;
  #rows = 0;

  constructor(limits: RangeLimits, options: RangeOptions) {
    this.#limits = limits;
    this.#options = options;
    this.#mayBeSeparator = true;
    this.#scanner = new CsvScanner({
      offset: options.offset,
      rowNumber: () => (this.#hasHeader ? this.#rows + 1 : 0),
      onRow: (row) => this.#take(row),
    });
    if (options.delimiter !== undefined) this.#scanner.delimiter = options.delimiter.charCodeAt(0);
  }

  /** The delimiter of cells. */
  get delimiter(): string {
    return String.fromCharCode(this.#scanner.delimiter);
  }

  get hasHeader(): boolean {
    return this.#hasHeader;
  }

  /** Number of rows so far, without the header. */
  get rows(): number {
    return this.#rows;
  }

  /** Returns the ranges that have ended since the last call. */
  take(): RowRange[] {
    return this.#ended.splice(0);
  }

  /** Throws CsvEncodingError, and the errors of the scanner and of the callbacks. */
  push(piece: Uint8Array): void {
    this.#scanner.push(piece);
  }

  /** Call this after the last byte. */
  end(): void {
    this.#scanner.end();
    if (this.#rangeRows > 0) this.#endRange();
  }

  #take(row: CsvRow): void {
    if (!row.isUtf8) throw new CsvEncodingError(this.#hasHeader ? this.#rows + 1 : 0, this.#options.encoding);
    if (!this.#hasHeader) {
      this.#takeHeader(row);
      return;
    }
    this.#rows += 1;
    this.#rangeRows += 1;
    this.#rangeEnd = row.end;
    this.#options.onRow(row, this.#rows);
    const bytes = this.#rangeEnd - this.#rangeStart;
    if (this.#rangeRows >= this.#limits.rows || bytes >= this.#limits.bytes) this.#endRange();
  }

  /** Excel writes and reads a line `sep=;`. A requested delimiter takes precedence. */
  #takeHeader(row: CsvRow): void {
    const separator = this.#mayBeSeparator ? separatorLine(row.raw.toString("latin1")) : undefined;
    this.#mayBeSeparator = false;
    if (separator !== undefined) {
      this.#scanner.delimiter = (this.#options.delimiter ?? separator).charCodeAt(0);
      return;
    }
    this.#options.onHeader(row);
    this.#hasHeader = true;
    this.#rangeStart = row.end;
  }

  #endRange(): void {
    this.#ended.push({ first: this.#rangeStart, last: this.#rangeEnd - 1, rows: this.#rangeRows });
    this.#rangeStart = this.#rangeEnd;
    this.#rangeRows = 0;
  }
}
