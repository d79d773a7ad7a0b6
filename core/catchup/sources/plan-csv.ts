import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { ObjectStore } from "./object-store.ts";
import type { Chunk } from "./plan.ts";
import { type RangeLimits, type RowRange, RowRanges } from "./row-ranges.ts";

/** What one pass over a CSV object found. */
export interface PlannedCsv {
  /** The bytes of the header row; undefined where the object has none. */
  readonly header: Buffer | undefined;
  readonly rows: number;
  readonly chunks: readonly Chunk[];
}

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
 * told by its first bytes. Throws SourceMissing, CsvUnterminated, CsvRowTooLong.
 */
export async function planCsv(
  object: CsvObject,
  limits: RangeLimits,
  unpacked: Unpacked,
): Promise<PlannedCsv> {
  const { body, etag } = await object.store.open(object.key);
  const pieces = peeked(body);
  const { value: first } = await pieces.next();
  return isGzip(first)
    ? planPacked(inflated(first, pieces), object, limits, unpacked)
    : planPlain(joined(first, pieces), object, limits, etag);
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

function isGzip(piece: Uint8Array | undefined): boolean {
  return piece?.[0] === 0x1f && piece[1] === 0x8b;
}

async function* joined(
  first: Uint8Array | undefined,
  rest: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (first) yield first;
  yield* rest;
}

function inflated(first: Uint8Array | undefined, rest: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const gunzip = createGunzip();
  pipeline(joined(first, rest), gunzip).catch((error: Error) => gunzip.destroy(error));
  return gunzip;
}
