import { badRequest } from "./api-error.ts";
import { type Metadata, metadataBytes, readMetadata } from "./metadata.ts";

export interface StoredRecord {
  readonly id: string;
  readonly values: Float32Array;
  readonly metadata: Metadata | undefined;
}

export const maxRecords = 1000;
const maxIdBytes = 512;
const maxUpsertBytes = 2 * 1024 * 1024;

/** Reads the records of an upsert; one that Pinecone would not take fails all. Throws ApiError. */
export function readRecords(vectors: readonly unknown[], dimension: number): StoredRecord[] {
  if (vectors.length > maxRecords) {
    throw badRequest(
      `You may only upsert up to ${maxRecords} records at a time. Received: ${vectors.length}`,
    );
  }
  const records = vectors.map((vector) => readRecord(vector, dimension));
  const bytes = records.reduce((sum, record) => sum + sizeOf(record), 0);
  if (bytes > maxUpsertBytes) {
    const megabytes = Math.ceil(bytes / 1024 / 1024);
    throw badRequest(`Request size ${megabytes}MB exceeds the maximum supported size of 2MB`);
  }
  return records;
}

function readRecord(vector: unknown, dimension: number): StoredRecord {
  const { id, values, metadata, sparseValues } = Object(vector) as Record<string, unknown>;
  if (sparseValues !== undefined) throw badRequest("Index configuration does not support sparse values");
  return { id: readId(id), values: readValues(values, dimension), metadata: readMetadata(metadata) };
}

function readId(id: unknown): string {
  if (typeof id !== "string" || id === "") throw badRequest("Vector ID must be a non-empty string");
  if (!/^\p{ASCII}*$/u.test(id)) throw badRequest(`Vector ID must be ASCII, but got '${id}'`);
  if (Buffer.byteLength(id) > maxIdBytes) {
    throw badRequest(`Vector ID must be at most ${maxIdBytes} characters, but got ${id.length}`);
  }
  return id;
}

/** Also used for the vector of a query. */
export function readValues(values: unknown, dimension: number): Float32Array {
  const numbers: unknown[] = Array.isArray(values) ? values : [];
  if (numbers.length !== dimension) {
    throw badRequest(
      `Vector dimension ${numbers.length} does not match the dimension of the index ${dimension}`,
    );
  }
  if (!numbers.every((value) => typeof value === "number")) throw badRequest("Vector values must be numbers");
  const vector = Float32Array.from(numbers as number[]);
  if (vector.every((value) => value === 0)) {
    throw badRequest("Dense vectors must contain at least one non-zero value");
  }
  return vector;
}

/** Counts like Pinecone: four bytes per dimension, regardless of the number of digits. */
export function sizeOf({ id, values, metadata }: StoredRecord): number {
  return Buffer.byteLength(id) + values.byteLength + metadataBytes(metadata);
}
