import type { VectorMetadata } from "../../deltas/delta.ts";
import type { KnownMetadata } from "../../documents/document-model.ts";
import { documentModel } from "../../documents/documents.ts";
import type { MetadataChanges } from "../chroma/vector-store.ts";

/** The changes that give a vector exactly the known metadata and no unknown keys; undefined if none are needed. */
export function metadataChanges(stored: VectorMetadata, known: KnownMetadata): MetadataChanges | undefined {
  const changes: Record<string, VectorMetadata[string] | null> = {};
  for (const key of Object.keys(stored)) {
    const goes = documentModel.isFactKey(key) || documentModel.metadataType(key) === undefined;
    if (goes && !Object.hasOwn(known, key)) changes[key] = null;
  }
  for (const [key, value] of Object.entries(known)) if (stored[key] !== value) changes[key] = value;
  return Object.keys(changes).length > 0 ? changes : undefined;
}

/** Whether the stored metadata reflects the changes. */
export function shows(stored: VectorMetadata, changes: MetadataChanges): boolean {
  return Object.entries(changes).every(
    ([key, value]) => (Object.hasOwn(stored, key) ? stored[key] : null) === value,
  );
}
