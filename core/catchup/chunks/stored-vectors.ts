import { hash } from "node:crypto";
import type { VectorBytes } from "../../embedding/embedder.ts";

/**
 * The vectors of a chunk's texts, kept until its task is over, so that a chunk that is worked on again pays nothing
 * again (F12). All of one file, numbers little-endian:
 *
 *   for each text    SHA-256 of the text, 32 bytes, and float32 * dimensions
 *   checksum         SHA-256 of everything before it
 */
const digestLength = 32;

/**
 * The model and dimensions are part of a vector's key, so that a stack with changed settings does not reuse old
 * vectors.
 */
export interface VectorSpace {
  readonly model: string;
  readonly dimensions: number;
}

export function encodeVectors(vectors: ReadonlyMap<string, VectorBytes>, space: VectorSpace): Buffer {
  const size = digestLength + space.dimensions * 4;
  const file = Buffer.allocUnsafe(vectors.size * size + digestLength);
  let at = 0;
  for (const [text, vector] of vectors) {
    file.set(digestOf(text, space), at);
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
  if (file === undefined || file.length < digestLength) return found;
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const end = bytes.length - digestLength;
  const size = digestLength + space.dimensions * 4;
  if (end % size !== 0 || !hash("sha256", bytes.subarray(0, end), "buffer").equals(bytes.subarray(end)))
    return found;
  const places = new Map<string, number>();
  for (let at = 0; at < end; at += size) places.set(bytes.toString("latin1", at, at + digestLength), at);
  for (const text of texts) {
    const at = places.get(digestOf(text, space).toString("latin1"));
    if (at !== undefined) found.set(text, bytes.subarray(at + digestLength, at + size));
  }
  return found;
}

function digestOf(text: string, { model, dimensions }: VectorSpace): Buffer {
  return hash("sha256", `${model}\n${dimensions}\n${text}`, "buffer");
}
