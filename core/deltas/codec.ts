import { hash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod";
import { collections } from "../../contract/collections.ts";
import { documentModel } from "../documents/documents.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";
import type { Delta, VectorMetadata } from "./delta.ts";

/**
 * The format of a delta file. All numbers are little-endian:
 *
 *   magic "VKDELTA\n"   8 bytes
 *   format version      uint32
 *   header length       uint32, compressed
 *   header              gzip of NDJSON: one row about the delta, then one row per vector
 *   vectors             float32, count * dimensions
 *   checksum            SHA-256 of everything before it
 */
const magic = Buffer.from("VKDELTA\n");
const formatVersion = 1;
const preambleLength = magic.length + 8;
const checksumLength = 32;
const bytesPerNumber = 4;

const aboutRow = z.object({
  format: z.literal(formatVersion),
  collection: z.enum(collections),
  ...documentModel.storedShape,
  run_id: z.string(),
  model: z.string(),
  dimensions: z.int().min(1),
  count: z.int().min(0),
  text_format: z.string(),
});

interface VectorRow {
  readonly id: string;
  readonly document: string;
  readonly metadata: VectorMetadata;
}

/** The bytes are not a valid delta file: truncated, corrupt or of another format. */
export class DeltaUnreadableError extends VectorkeepError {
  constructor(what: string, options?: ErrorOptions) {
    super(
      `The delta file cannot be read: ${what}.`,
      "Send its embed message again: embedding replaces the delta.",
      options,
    );
  }
}

/** Encodes a delta. Throws a RangeError if ids, documents, metadatas and vectors differ in count. */
export function encodeDelta(delta: Delta): Buffer {
  return encodeDeltaOf(delta, [delta.vectors]);
}

/** Encodes a delta whose vectors are separate buffers, in the order of its ids; each is copied once. */
export function encodeDeltaOf(delta: Omit<Delta, "vectors">, vectors: readonly Uint8Array[]): Buffer {
  const count = delta.ids.length;
  const vectorsLength = count * delta.dimensions * bytesPerNumber;
  const given = vectors.reduce((sum, piece) => sum + piece.length, 0);
  if (delta.documents.length !== count || delta.metadatas.length !== count || given !== vectorsLength) {
    throw new RangeError("A delta has one document, one metadata and one vector per id.");
  }
  const header = gzipSync(headerText(delta), { level: 1 });
  const file = Buffer.allocUnsafe(preambleLength + header.length + vectorsLength + checksumLength);
  magic.copy(file);
  file.writeUInt32LE(formatVersion, magic.length);
  file.writeUInt32LE(header.length, magic.length + 4);
  file.set(header, preambleLength);
  let at = preambleLength + header.length;
  for (const piece of vectors) {
    file.set(piece, at);
    at += piece.length;
  }
  file.set(hash("sha256", file.subarray(0, at), "buffer"), at);
  return file;
}

/** Decodes a delta file. The vectors are a view into the bytes. Throws DeltaUnreadableError. */
export function decodeDelta(bytes: Uint8Array): Delta {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = file.length - checksumLength;
  if (end < preambleLength) throw new DeltaUnreadableError(`${file.length} bytes are too few`);
  if (!file.subarray(0, magic.length).equals(magic))
    throw new DeltaUnreadableError("its magic bytes are wrong");
  const version = file.readUInt32LE(magic.length);
  if (version !== formatVersion)
    throw new DeltaUnreadableError(`its format version is ${version}, not ${formatVersion}`);
  if (!hash("sha256", file.subarray(0, end), "buffer").equals(file.subarray(end))) {
    throw new DeltaUnreadableError("its checksum does not match");
  }
  const vectorsStart = preambleLength + file.readUInt32LE(magic.length + 4);
  const { about, rows } = readHeader(file.subarray(preambleLength, vectorsStart));
  const vectors = file.subarray(vectorsStart, end);
  if (rows.length !== about.count || vectors.length !== about.count * about.dimensions * bytesPerNumber) {
    throw new DeltaUnreadableError(`it states ${about.count} vectors and holds ${rows.length} rows`);
  }
  return {
    collection: about.collection,
    ...documentModel.ofStored(about),
    runId: about.run_id,
    model: about.model,
    dimensions: about.dimensions,
    textFormat: about.text_format,
    ids: rows.map((row) => row.id),
    documents: rows.map((row) => row.document),
    metadatas: rows.map((row) => row.metadata),
    vectors,
  };
}

function headerText(delta: Omit<Delta, "vectors">): string {
  const about: z.infer<typeof aboutRow> = {
    format: formatVersion,
    collection: delta.collection,
    ...documentModel.toStored(delta),
    run_id: delta.runId,
    model: delta.model,
    dimensions: delta.dimensions,
    count: delta.ids.length,
    text_format: delta.textFormat,
  };
  const rows = delta.ids.map((id, index) =>
    JSON.stringify({ id, document: delta.documents[index], metadata: delta.metadatas[index] }),
  );
  return [JSON.stringify(about), ...rows].join("\n");
}

/** The rows are not validated, because the checksum has matched and the encoder wrote them. */
function readHeader(compressed: Buffer): { about: z.infer<typeof aboutRow>; rows: VectorRow[] } {
  try {
    const [first, ...rest] = gunzipSync(compressed).toString().split("\n");
    const about = aboutRow.parse(JSON.parse(first ?? ""));
    return { about, rows: rest.map((row) => JSON.parse(row) as VectorRow) };
  } catch (cause) {
    throw new DeltaUnreadableError("its header does not match the format", { cause });
  }
}
