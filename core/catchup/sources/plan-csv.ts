import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { InputFailure } from "../../failure.ts";
import type { ObjectStore } from "./object-store.ts";
import type { Chunk } from "./plan.ts";
import { type RangeLimits, type RowRange, RowRanges } from "./row-ranges.ts";

/** The object begins like a gzip file and is none, or not all of one. */
export class SourceNotUnpacked extends InputFailure {
  constructor(key: string, cause: Error) {
    super(
      `The gzip object ${JSON.stringify(key)} cannot be unpacked: ${cause.message}.`,
      "Upload it whole and start a new task.",
      { cause },
    );
  }
}

/** What one pass over a CSV object found. */
export interface PlannedCsv {
  /** The bytes of the header row; undefined where the object has none. */
  readonly header: Buffer | undefined;
  readonly rows: number;
  readonly chunks: readonly Chunk[];
}

const gzipMark = [0x1f, 0x8b];

/** A CSV object, and the chunks and rows that were planned before it. */
export interface CsvObject {
  readonly place: Chunk["place"];
  readonly store: ObjectStore;
  readonly key: string;
  readonly chunksBefore: number;
  readonly rowsBefore: number;
}

/** Where the chunks of a compressed object are written: they cannot be read out of it by themselves. */
export interface Unpacked {
  readonly store: ObjectStore;
  key(chunk: number): string;
}

/**
 * Finds the row-aligned chunks of a CSV object and counts its rows, reading it once and in pieces. A gzip object is
 * told by its first bytes. Throws SourceMissing, SourceNotUnpacked, CsvUnterminated, CsvRowTooLong.
 */
export async function planCsv(
  object: CsvObject,
  limits: RangeLimits,
  unpacked: Unpacked,
): Promise<PlannedCsv> {
  const { body, etag } = await object.store.open(object.key);
  const pieces = peeked(body);
  const first = await firstOf(pieces);
  if (!isGzip(first)) return planPlain(joined(first, pieces), object, limits, etag);
  try {
    return await planPacked(inflated(first, pieces), object, limits, unpacked);
  } catch (error) {
    throw isOfZlib(error as NodeJS.ErrnoException)
      ? new SourceNotUnpacked(object.key, error as Error)
      : error;
  }
}

async function planPlain(
  pieces: AsyncIterable<Uint8Array>,
  object: CsvObject,
  limits: RangeLimits,
  etag: string,
): Promise<PlannedCsv> {
  const ranges = new RowRanges(limits);
  const found: RowRange[] = [];
  for await (const piece of pieces) {
    ranges.push(piece);
    found.push(...ranges.take());
  }
  ranges.end();
  found.push(...ranges.take());
  return {
    header: ranges.header,
    rows: ranges.rows,
    chunks: numbered(found, object).map((chunk) => ({ ...chunk, etag })),
  };
}

/** Each range becomes an object of its own as soon as it has ended. */
async function planPacked(
  pieces: AsyncIterable<Uint8Array>,
  object: CsvObject,
  limits: RangeLimits,
  { store, key }: Unpacked,
): Promise<PlannedCsv> {
  const ranges = new RowRanges(limits);
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
  for await (const piece of pieces) {
    held.push(piece);
    ranges.push(piece);
    await writeEnded();
  }
  ranges.end();
  await writeEnded();
  const chunks = numbered(found, object).map((chunk, index) => ({
    ...chunk,
    place: "work" as const,
    key: key(chunk.chunk),
    etag: etags[index] ?? "",
    first: 0,
    last: chunk.last - chunk.first,
  }));
  return { header: ranges.header, rows: ranges.rows, chunks };
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

async function* peeked(body: Readable): AsyncGenerator<Uint8Array, undefined> {
  for await (const piece of body) yield piece as Uint8Array;
}

/** Enough bytes to tell a gzip file, if there are as many. */
async function firstOf(pieces: AsyncGenerator<Uint8Array, undefined>): Promise<Uint8Array> {
  let first = Buffer.alloc(0);
  while (first.length < gzipMark.length) {
    const { value } = await pieces.next();
    if (value === undefined) break;
    first = Buffer.concat([first, value]);
  }
  return first;
}

function isGzip(piece: Uint8Array): boolean {
  return gzipMark.every((byte, index) => piece[index] === byte);
}

function isOfZlib({ code }: NodeJS.ErrnoException): boolean {
  return String(code).startsWith("Z_");
}

async function* joined(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* rest;
}

function inflated(first: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip();
  pipeline(joined(first, rest), gunzip).catch((error: Error) => gunzip.destroy(error));
  return gunzip;
}
