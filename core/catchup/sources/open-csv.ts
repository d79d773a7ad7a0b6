import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { InputError } from "../../vectorkeep-error.ts";
import type { Encoding } from "../requests/csv-form.ts";
import { SourceNotCsvError } from "./csv-errors.ts";
import { asUtf8, byteOrderMark } from "./encodings.ts";
import { foreignKind } from "./file-kinds.ts";
import type { SourceStore } from "./source-store.ts";

/** The object begins like a gzip file but is invalid or incomplete, or has other bytes after its end. */
export class SourceNotUnpackedError extends InputError {
  constructor(key: string, cause: Error) {
    // The gzip mark was found, so an incorrect header is that of bytes after the first member.
    const isTrailer = cause.message === "incorrect header check";
    super(
      `The gzip object ${JSON.stringify(key)} cannot be unpacked: ${isTrailer ? "there are other bytes after its end" : cause.message}.`,
      "Upload it whole and start a new task.",
      { cause },
    );
  }
}

/** The text of a CSV object in UTF-8, without a byte order mark. */
export interface OpenCsv {
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly etag: string;
  readonly encoding: Encoding;
  /** Length of the omitted byte order mark, in bytes of the object. */
  readonly markLength: number;
  /** Whether the pieces are the object's own bytes, so that ranges of it can be read later. */
  readonly isPlain: boolean;
}

const gzipMark = [0x1f, 0x8b];
const firstBytes = 16;

/**
 * Opens a CSV object. Gzip is recognised by its first bytes; the encoding is that of the byte order mark, or else the
 * requested one. Throws SourceMissingError and SourceNotCsvError; reading throws SourceNotUnpackedError.
 */
export async function openCsv(
  store: SourceStore,
  key: string,
  asked: Encoding | undefined,
): Promise<OpenCsv> {
  const { body, etag } = await store.open(key);
  try {
    const packed = await peek(body);
    const isGzip = gzipMark.every((byte, index) => packed.first[index] === byte);
    const { first, pieces } = isGzip ? await peek(unpacked(packed.pieces, key)) : packed;
    const mark = byteOrderMark(first);
    const kind = mark === undefined && asked?.startsWith("utf-16") ? undefined : foreignKind(first);
    if (kind !== undefined) throw new SourceNotCsvError(key, kind);
    const encoding = mark?.encoding ?? asked ?? "utf-8";
    const markLength = mark?.length ?? 0;
    const text = without(pieces, markLength);
    return {
      pieces: encoding === "utf-8" ? text : asUtf8(text, encoding),
      etag,
      encoding,
      markLength,
      isPlain: !isGzip && encoding === "utf-8",
    };
  } catch (error) {
    body.destroy();
    throw error;
  }
}

interface Peeked {
  /** Up to 16 bytes. */
  readonly first: Uint8Array;
  readonly pieces: AsyncGenerator<Uint8Array>;
}

async function peek(source: AsyncIterable<Uint8Array>): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  let first = Buffer.alloc(0);
  while (first.length < firstBytes) {
    const { value, done } = await iterator.next();
    if (done) break;
    first = Buffer.concat([first, value]);
  }
  return { first, pieces: joined(first, iterator) };
}

async function* joined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* without(pieces: AsyncIterable<Uint8Array>, length: number): AsyncGenerator<Uint8Array> {
  let left = length;
  for await (const piece of pieces) {
    const cut = Math.min(left, piece.length);
    left -= cut;
    if (piece.length > cut) yield piece.subarray(cut);
  }
}

/** Decompresses all members of a gzip file. zlib accepts zeros after the last member and rejects anything else. */
async function* unpacked(pieces: AsyncIterable<Uint8Array>, key: string): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const feeding = pipeline(pieces, gunzip);
  feeding.catch((error: Error) => gunzip.destroy(error));
  try {
    for await (const piece of gunzip) yield piece as Uint8Array;
    await feeding;
  } catch (error) {
    throw isOfZlib(error as NodeJS.ErrnoException) ? new SourceNotUnpackedError(key, error as Error) : error;
  }
}

function isOfZlib({ code }: NodeJS.ErrnoException): boolean {
  return String(code).startsWith("Z_");
}
