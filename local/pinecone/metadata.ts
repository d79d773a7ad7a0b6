import { badRequest } from "./api-error.ts";

export type MetadataValue = string | number | boolean | readonly string[];
export type Metadata = Readonly<Record<string, MetadataValue>>;

export const maxMetadataBytes = 40 * 1024;

/**
 * Validates metadata. Throws ApiError for values that Pinecone does not store: null, objects, lists of anything but
 * strings, more than 40 KB.
 */
export function readMetadata(value: unknown): Metadata | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object" || Array.isArray(value)) throw badRequest("Metadata must be an object");
  for (const [field, one] of Object.entries(value)) {
    if (isMetadataValue(one)) continue;
    throw badRequest(
      `Metadata value must be a string, number, boolean or list of strings, got '${shorten(one)}' for field '${field}'`,
    );
  }
  const bytes = metadataBytes(value);
  if (bytes > maxMetadataBytes) {
    throw badRequest(
      `Metadata size is ${bytes} bytes, which exceeds the limit of ${maxMetadataBytes} bytes per vector`,
    );
  }
  return value as Metadata;
}

export function metadataBytes(metadata: object | undefined): number {
  return metadata === undefined ? 0 : Buffer.byteLength(JSON.stringify(metadata));
}

function isMetadataValue(value: unknown): value is MetadataValue {
  if (Array.isArray(value)) return value.every((one) => typeof one === "string");
  return ["string", "number", "boolean"].includes(typeof value);
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 13 ? `${text.slice(0, 13)}....` : text;
}
