import { hash } from "node:crypto";
import type { VectorBytes } from "../../embedding/embedder.ts";

/**
 * The vectors of a chunk's texts, kept until its task is over, so that a chunk that is worked on again pays nothing
 * again (F12). All of one file, numbers little-endian:
 *
 *   for each text    SHA-256 of the text, 32 bytes, and float32 * dimensions
 *   checksum         SHA-256 of everything before it
 */
export const digestLength = 32;

/**
 * The model and dimensions are part of a vector's key, so that a stack with changed settings does not reuse old
 * vectors.
 */
export interface VectorSpace {
  readonly model: string;
  readonly dimensions: number;
}

export function encodeVectors(vectors: ReadonlyMap<string, VectorBytes>, space: VectorSpace): Buffer {
  const entries = [...vectors].map(([text, vector]) => [textDigest(text, space), vector] as const);
  return encode(entries, space);
}

/** A vector by the digest of its text. */
export type DigestedVector = readonly [digest: Uint8Array, vector: VectorBytes];

/** The file with these vectors besides its own. Undefined if it has them all. A corrupt file counts as empty. */
export function addVectors(
  file: Uint8Array | undefined,
  added: readonly DigestedVector[],
  space: VectorSpace,
): Buffer | undefined {
  const entries = new Map<string, DigestedVector>();
  const bytes = file && bufferOf(file);
  if (bytes) {
    for (const [digest, at] of placesIn(bytes, space)) entries.set(digest, entryAt(bytes, at, space));
  }
  const known = entries.size;
  for (const entry of added) {
    const digest = bufferOf(entry[0]).toString("latin1");
    if (!entries.has(digest)) entries.set(digest, entry);
  }
  return entries.size === known ? undefined : encode([...entries.values()], space);
}

function encode(entries: readonly DigestedVector[], space: VectorSpace): Buffer {
  const size = digestLength + space.dimensions * 4;
  const file = Buffer.allocUnsafe(entries.length * size + digestLength);
  let at = 0;
  for (const [digest, vector] of entries) {
    file.set(digest, at);
    file.set(vector, at + digestLength);
    at += size;
  }
  file.set(hash("sha256", file.subarray(0, at), "buffer"), at);
  return file;
}

/** The stored vectors of these texts. Empty if the file is corrupt or missing. */
export function decodeVectors(
  file: Uint8Array | undefined,
  texts: Iterable<string>,
  space: VectorSpace,
): Map<string, VectorBytes> {
  const found = new Map<string, VectorBytes>();
  if (file === undefined) return found;
  const bytes = bufferOf(file);
  const places = placesIn(bytes, space);
  for (const text of texts) {
    const at = places.get(textDigest(text, space).toString("latin1"));
    if (at !== undefined) found.set(text, entryAt(bytes, at, space)[1]);
  }
  return found;
}

/** The place of each entry by its digest. Empty if the file is corrupt. */
function placesIn(bytes: Buffer, { dimensions }: VectorSpace): Map<string, number> {
  const places = new Map<string, number>();
  const end = bytes.length - digestLength;
  const size = digestLength + dimensions * 4;
  if (end < 0 || end % size !== 0) return places;
  if (!hash("sha256", bytes.subarray(0, end), "buffer").equals(bytes.subarray(end))) return places;
  for (let at = 0; at < end; at += size) places.set(bytes.toString("latin1", at, at + digestLength), at);
  return places;
}

function entryAt(bytes: Buffer, at: number, { dimensions }: VectorSpace): DigestedVector {
  const start = at + digestLength;
  return [bytes.subarray(at, start), bytes.subarray(start, start + dimensions * 4)];
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The key of a text's vector. */
export function textDigest(text: string, { model, dimensions }: VectorSpace): Buffer {
  return hash("sha256", `${model}\n${dimensions}\n${text}`, "buffer");
}
