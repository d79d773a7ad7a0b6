import { CsvEncodingError } from "./csv-errors.ts";
import { type CsvRow, CsvScanner } from "./csv-scanner.ts";
import { separatorLine } from "./delimiters.ts";

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

export interface RangeOptions {
  /** Of the first byte that is pushed: the length of a byte order mark that is left out. */
  readonly offset: number;
  /** What rows are read by; undefined where a `sep=` line may say it, and a comma otherwise. */
  readonly delimiter: string | undefined;
  /** As callers name it. */
  readonly encoding: string;
  /** Judges the header when it is read, before anything that follows. */
  onHeader(row: CsvRow): void;
  /** Rows are numbered from 1. */
  onRow(row: CsvRow, number: number): void;
}

/** Cuts CSV into row-aligned ranges in one pass over its bytes, which may come in pieces of any size. The first row is the header. */
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

  /** What the cells are parted by. */
  get delimiter(): string {
    return String.fromCharCode(this.#scanner.delimiter);
  }

  get hasHeader(): boolean {
    return this.#hasHeader;
  }

  /** Rows so far, the header apart. */
  get rows(): number {
    return this.#rows;
  }

  /** The ranges that have ended since the last time. */
  take(): RowRange[] {
    return this.#ended.splice(0);
  }

  /** Throws what the scanner and the options throw, and CsvEncodingError. */
  push(piece: Uint8Array): void {
    this.#scanner.push(piece);
  }

  /** After the last byte. */
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

  /** `sep=;` is what Excel writes and reads; a delimiter that was asked for counts more. */
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
