import { invalid } from "./errors.ts";
import type { Input } from "./inputs.ts";
import type { Metadata, StoredIndexSettings, StoredVector } from "./stored-index.ts";

const maxMetadataBytes = 40 * 1024;
const maxFilterableBytes = 2 * 1024;
const maxMetadataKeys = 50;

/** The vectors of a put, if every one of them is good. Throws ValidationException, with the first that is not. */
export function vectorsOf(
  { vectors }: Pick<Input<"PutVectors">, "vectors">,
  settings: StoredIndexSettings,
): StoredVector[] {
  const keys = new Set(vectors.map(({ key }) => key));
  if (keys.size < vectors.length) throw invalid("The vectors of a request must have different keys");
  return vectors.map(({ key, data, metadata }) => {
    const values = valuesOf(data.float32, settings, `vector ${key}`);
    if (metadata !== undefined) checkMetadata(metadata, settings, key);
    return { key, values, metadata };
  });
}

/** Throws ValidationException for another dimension, for values that are not float32, and for a zero vector. */
export function valuesOf(
  numbers: readonly (number | string)[],
  { dimension, distanceMetric }: StoredIndexSettings,
  what: string,
): Float32Array {
  if (numbers.length !== dimension) {
    throw invalid(`The ${what} must have length ${dimension}, but has length ${numbers.length}`);
  }
  const values = Float32Array.from(numbers, (one) => (typeof one === "number" ? one : Number.NaN));
  if (!values.every(Number.isFinite)) throw invalid(`The ${what} has NaN or an infinity`);
  if (distanceMetric === "cosine" && values.every((value) => value === 0)) {
    throw invalid(`The ${what} is zero, which has no cosine distance`);
  }
  return values;
}

function checkMetadata(metadata: Metadata, settings: StoredIndexSettings, key: string): void {
  const entries = Object.entries(metadata);
  if (entries.length > maxMetadataKeys) {
    throw invalid(
      `The metadata of ${key} has ${entries.length} keys; at most ${maxMetadataKeys} are allowed`,
    );
  }
  for (const [name, value] of entries) {
    if (isMetadataValue(value)) continue;
    throw invalid(`The metadata ${name} of ${key} is no string, number, boolean or list of these`);
  }
  const bytes = bytesOf(metadata);
  if (bytes > maxMetadataBytes) throw tooLarge("Metadata", key, bytes, maxMetadataBytes);
  const filterable = entries.filter(([name]) => !settings.nonFilterableMetadataKeys.includes(name));
  const filterableBytes = bytesOf(Object.fromEntries(filterable));
  if (filterableBytes > maxFilterableBytes) {
    throw tooLarge("Filterable metadata", key, filterableBytes, maxFilterableBytes);
  }
}

function isMetadataValue(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isSingle) : isSingle(value);
}

function isSingle(value: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

function bytesOf(metadata: Metadata): number {
  return Buffer.byteLength(JSON.stringify(metadata));
}

function tooLarge(what: string, key: string, bytes: number, most: number) {
  return invalid(`${what} of ${key} must have at most ${most} bytes, but has ${bytes}`);
}
