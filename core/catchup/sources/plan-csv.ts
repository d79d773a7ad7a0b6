import type { Encoding } from "../requests/csv-form.ts";
import { CsvHeaderInvalidError, SourceEmptyError, SourceNotCsvError } from "./csv-errors.ts";
import type { CsvRow } from "./csv-scanner.ts";
import { CsvDelimiterError, otherDelimiter } from "./delimiters.ts";
import { foreignText } from "./file-kinds.ts";
import { readHeader } from "./header.ts";
import type { ObjectStore } from "./object-store.ts";
import { type OpenCsv, openCsv } from "./open-csv.ts";
import type { Chunk } from "./plan.ts";
import { type RangeLimits, type RowRange, RowRanges } from "./row-ranges.ts";
import { RowSurvey, type SurveyRules } from "./row-survey.ts";
import type { SourceStore } from "./source-store.ts";

/** The result of one pass over a CSV object. */
export interface PlannedCsv {
  readonly rows: number;
  readonly chunks: readonly Chunk[];
  readonly delimiter: string;
  readonly survey: RowSurvey;
}

/** A CSV object, and the number of chunks and rows that were planned before it. */
export interface CsvObject {
  readonly place: Chunk["place"];
  readonly store: SourceStore;
  readonly key: string;
  readonly chunksBefore: number;
  readonly rowsBefore: number;
}

/** How to read a file, and the rules for its rows. */
export interface CsvReading {
  readonly encoding: Encoding | undefined;
  readonly delimiter: string | undefined;
  /** A column that must exist. */
  readonly neededColumn: string | undefined;
  /** The rules for a file with these columns. */
  rulesFor(columns: readonly string[]): SurveyRules;
  /** A column that is read if it exists. */
  readonly dateColumn: string;
  /** Names of columns in the source, by the name that the product uses. */
  readonly called: ReadonlyMap<string, string>;
}

/** Where to write the chunks of an object from which ranges cannot be read, because it is gzip or not in UTF-8. */
export interface Unpacked {
  readonly store: ObjectStore;
  key(chunk: number): string;
}

/**
 * Determines the row-aligned chunks of a CSV object and counts its rows, in one streaming pass. Rejects everything that
 * would make reading ambiguous, before anything is paid for. Throws the errors of openCsv and RowRanges,
 * CsvHeaderInvalidError, CsvDelimiterError, SourceEmptyError and SourceNotCsvError.
 */
export async function planCsv(
  object: CsvObject,
  limits: RangeLimits,
  reading: CsvReading,
  unpacked: Unpacked,
): Promise<PlannedCsv> {
  const csv = await openCsv(object.store, object.key, reading.encoding);
  const pass = new Pass(object, limits, reading, csv);
  const chunks = csv.isPlain
    ? await plainChunks(pass, csv, object)
    : await writtenChunks(pass, csv, object, unpacked);
  return { rows: pass.ranges.rows, chunks, delimiter: pass.ranges.delimiter, survey: pass.survey };
}

/** One pass over an object. */
class Pass {
  readonly ranges: RowRanges;
  readonly #object: CsvObject;
  readonly #reading: CsvReading;
  #survey: RowSurvey | undefined;

  constructor(object: CsvObject, limits: RangeLimits, reading: CsvReading, csv: OpenCsv) {
    this.#object = object;
    this.#reading = reading;
    this.ranges = new RowRanges(limits, {
      offset: csv.isPlain ? csv.markLength : 0,
      delimiter: reading.delimiter,
      encoding: csv.encoding,
      onHeader: (row) => {
        this.#survey = this.#surveyOf(row);
      },
      onRow: (row, number) => this.#survey?.see(row, object.rowsBefore + number),
    });
  }

  get survey(): RowSurvey {
    if (this.#survey === undefined) throw new SourceEmptyError(this.#object.key);
    return this.#survey;
  }

  #surveyOf(row: CsvRow): RowSurvey {
    const { neededColumn, dateColumn, rulesFor, called } = this.#reading;
    try {
      if (row.bareReturns > 0)
        throw new CsvHeaderInvalidError(["lines end with CR alone; LF or CR LF is required"], row.cells());
      if (row.blanksAfterQuotes > 0)
        throw new CsvHeaderInvalidError(
          [`column ${row.blanksAfterQuotes} has blanks after its closing quotes`],
          row.cells(),
        );
      const needed = neededColumn === undefined ? [] : [neededColumn];
      const columns = readHeader(row.cells(), needed, [dateColumn], called);
      return new RowSurvey(columns, rulesFor(columns));
    } catch (error) {
      throw error instanceof CsvHeaderInvalidError ? this.#betterReason(row, error) : error;
    }
  }

  /** A more specific reason why a header is invalid, if one can be determined. */
  #betterReason(row: CsvRow, failure: CsvHeaderInvalidError): Error {
    const other = otherDelimiter(row.raw, this.ranges.delimiter);
    if (other !== undefined) return new CsvDelimiterError(other, this.ranges.delimiter);
    const kind = foreignText(row.raw.toString("utf8", 0, 100));
    return kind === undefined ? failure : new SourceNotCsvError(this.#object.key, kind);
  }
}

async function plainChunks({ ranges }: Pass, csv: OpenCsv, object: CsvObject): Promise<Chunk[]> {
  const found: RowRange[] = [];
  for await (const piece of csv.pieces) {
    ranges.push(piece);
    found.push(...ranges.take());
  }
  ranges.end();
  found.push(...ranges.take());
  return numbered(found, object).map((chunk) => ({ ...chunk, etag: csv.etag }));
}

/** Writes each range as an object of its own as soon as it has ended. */
async function writtenChunks(
  { ranges }: Pass,
  csv: OpenCsv,
  object: CsvObject,
  { store, key }: Unpacked,
): Promise<Chunk[]> {
  const found: RowRange[] = [];
  const etags: string[] = [];
  let held: Uint8Array[] = [];
  let heldFrom = 0;
  const writeEnded = async () => {
    const ended = ranges.take();
    if (ended.length === 0) return;
    const bytes = Buffer.concat(held);
    for (const range of ended) {
      const own = bytes.subarray(range.first - heldFrom, range.last + 1 - heldFrom);
      etags.push(await store.write(key(object.chunksBefore + found.length), own, "text/csv"));
      found.push(range);
    }
    const next = (ended.at(-1)?.last ?? -1) + 1;
    held = [bytes.subarray(next - heldFrom)];
    heldFrom = next;
  };
  for await (const piece of csv.pieces) {
    held.push(piece);
    ranges.push(piece);
    await writeEnded();
  }
  ranges.end();
  await writeEnded();
  return numbered(found, object).map((chunk, index) => ({
    ...chunk,
    place: "work" as const,
    key: key(chunk.chunk),
    etag: etags[index] ?? "",
    first: 0,
    last: chunk.last - chunk.first,
  }));
}

function numbered(ranges: readonly RowRange[], object: CsvObject): Omit<Chunk, "etag">[] {
  let row = object.rowsBefore + 1;
  return ranges.map(({ first, last, rows }, index) => {
    const chunk = {
      chunk: object.chunksBefore + index,
      place: object.place,
      key: object.key,
      first,
      last,
      rows,
      first_row: row,
      format: "csv" as const,
    };
    row += rows;
    return chunk;
  });
}
