import { ApiError } from "../../pinecone/api-error.ts";
import { type Predicate, readFilter } from "../../pinecone/filter.ts";
import { invalid } from "./errors.ts";
import type { Metadata, StoredIndexSettings } from "./stored-index.ts";

/** A filter has the operators of Pinecone's. Throws ValidationException, also for keys that are not filterable. */
export function filterOf(filter: unknown, settings: StoredIndexSettings): (metadata: Metadata) => boolean {
  if (filter === undefined) return () => true;
  for (const key of keysIn(filter)) {
    if (settings.nonFilterableMetadataKeys.includes(key)) {
      throw invalid(`The metadata ${key} is not filterable`);
    }
  }
  try {
    const fits = readFilter(filter);
    return (metadata) => fits(metadata as Parameters<Predicate>[0]);
  } catch (error) {
    throw error instanceof ApiError ? invalid(error.message) : error;
  }
}

function keysIn(filter: unknown): string[] {
  if (Array.isArray(filter)) return filter.flatMap(keysIn);
  if (typeof filter !== "object" || filter === null) return [];
  return Object.entries(filter).flatMap(([key, inner]) => (key.startsWith("$") ? keysIn(inner) : [key]));
}
