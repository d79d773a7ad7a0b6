import { hash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import { VectorkeepError } from "../../vectorkeep-error.ts";

/**
 * The format of a file of rows. All numbers are little-endian:
 *
 *   magic            8 bytes, by kind of file
 *   format version   uint32
 *   body length      uint32, compressed
 *   body             gzip of NDJSON, one row per line
 *   checksum         SHA-256 of everything before it
 */
const preambleLength = 16;
const checksumLength = 32;

export interface RowFileKind {
  /** Eight ASCII characters. */
  readonly magic: string;
  readonly version: number;
}

/** The bytes are not a complete file of this kind: truncated, altered or in another format. */
export class RowFileCorruptError extends VectorkeepError {
  constructor(reason: string) {
    super(
      `A file of the collection is corrupt: ${reason}.`,
      "The next fold repairs the generation that names it.",
    );
  }
}

export function encodeRows({ magic, version }: RowFileKind, rows: Iterable<unknown>): Buffer {
  const body = gzipSync(Array.from(rows, (row) => JSON.stringify(row)).join("\n"));
  const preamble = Buffer.alloc(preambleLength);
  preamble.write(magic, "latin1");
  preamble.writeUInt32LE(version, 8);
  preamble.writeUInt32LE(body.length, 12);
  const content = Buffer.concat([preamble, body]);
  return Buffer.concat([content, hash("sha256", content, "buffer")]);
}

/** Throws RowFileCorruptError. */
export function decodeRows({ magic, version }: RowFileKind, bytes: Uint8Array): unknown[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = file.length - checksumLength;
  if (end < preambleLength) throw new RowFileCorruptError(`${file.length} bytes are too few`);
  if (file.toString("latin1", 0, 8) !== magic)
    throw new RowFileCorruptError(`it does not start with ${magic}`);
  const found = file.readUInt32LE(8);
  if (found !== version) throw new RowFileCorruptError(`its format version is ${found}, not ${version}`);
  if (!hash("sha256", file.subarray(0, end), "buffer").equals(file.subarray(end))) {
    throw new RowFileCorruptError("its checksum does not match");
  }
  if (file.readUInt32LE(12) !== end - preambleLength) {
    throw new RowFileCorruptError("its length does not match its header");
  }
  const text = gunzipSync(file.subarray(preambleLength, end)).toString();
  return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line) as unknown);
}
