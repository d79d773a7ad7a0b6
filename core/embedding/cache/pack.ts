import { hash } from "node:crypto";
import type { VectorBytes } from "../embedder.ts";
import { type CacheSpace, digestOf } from "./cache-space.ts";

/**
 * Many vectors in one object, because a request per vector costs more than the vector. Numbers are little-endian:
 *
 *   magic            VKVECPK1
 *   count            uint32
 *   dimensions       uint32
 *   per vector       the first 16 bytes of its text's digest
 *   checksum         SHA-256 of everything before it
 *   per vector       float32 * dimensions, and 8 bytes of SHA-256 over the whole digest and the vector
 *
 * The head ends with its checksum, and every vector has its own, so that both can be read by range. The size of the
 * object determines its count.
 */
const magic = Buffer.from("VKVECPK1");
const fixedLength = magic.length + 8;
export const shortDigestLength = 16;
const checksumLength = 32;
const checkLength = 8;

export interface PackShape {
  readonly count: number;
  /** Length of the head in bytes. */
  readonly headLength: number;
  /** Length of one vector with its check. */
  readonly entryLength: number;
}

/** Undefined if no pack of these dimensions has this size. */
export function shapeOf(bytes: number, dimensions: number): PackShape | undefined {
  const entryLength = dimensions * 4 + checkLength;
  const count = (bytes - fixedLength - checksumLength) / (shortDigestLength + entryLength);
  if (!Number.isInteger(count) || count < 1) return undefined;
  return { count, headLength: fixedLength + count * shortDigestLength + checksumLength, entryLength };
}

export function encodePack(vectors: ReadonlyMap<string, VectorBytes>, space: CacheSpace): Buffer {
  const entryLength = space.dimensions * 4 + checkLength;
  const digestsEnd = fixedLength + vectors.size * shortDigestLength;
  const headLength = digestsEnd + checksumLength;
  const pack = Buffer.alloc(headLength + vectors.size * entryLength);
  magic.copy(pack);
  pack.writeUInt32LE(vectors.size, magic.length);
  pack.writeUInt32LE(space.dimensions, magic.length + 4);
  let position = 0;
  for (const [text, vector] of vectors) {
    const digest = digestOf(text, space);
    digest.copy(pack, fixedLength + position * shortDigestLength, 0, shortDigestLength);
    const at = headLength + position * entryLength;
    pack.set(vector, at);
    pack.set(checkOf(digest, vector), at + vector.length);
    position += 1;
  }
  pack.set(hash("sha256", pack.subarray(0, digestsEnd), "buffer"), digestsEnd);
  return pack;
}

/** The digests of a head, as a copy; undefined if it is corrupt. */
export function digestsIn(head: Uint8Array, { count, headLength }: PackShape, dimensions: number) {
  if (head.length !== headLength) return undefined;
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength);
  const end = headLength - checksumLength;
  const isWhole =
    bytes.subarray(0, magic.length).equals(magic) &&
    bytes.readUInt32LE(magic.length) === count &&
    bytes.readUInt32LE(magic.length + 4) === dimensions &&
    hash("sha256", bytes.subarray(0, end), "buffer").equals(bytes.subarray(end));
  return isWhole ? new Uint8Array(bytes.subarray(fixedLength, end)) : undefined;
}

/** A copy of the vector in an entry; undefined if the entry is corrupt or of another text. */
export function vectorIn(entry: Uint8Array, digest: Uint8Array): VectorBytes | undefined {
  const vector = entry.subarray(0, entry.length - checkLength);
  const isOwn = checkOf(digest, vector).equals(entry.subarray(vector.length));
  return isOwn ? new Uint8Array(vector) : undefined;
}

function checkOf(digest: Uint8Array, vector: VectorBytes): Buffer {
  return hash("sha256", Buffer.concat([digest, vector]), "buffer").subarray(0, checkLength);
}
