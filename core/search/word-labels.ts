import type { VectorMetadata } from "../deltas/delta.ts";
import { labelPrefix } from "../receipts/vector-metadata.ts";

/** Whether words alone have this key. */
export function isOfWords(key: string): boolean {
  return key === "word_id" || key.startsWith(labelPrefix);
}

/** Names of the labels that are VALID on the word of this metadata. */
export function validLabels(metadata: VectorMetadata): string[] {
  return Object.keys(metadata)
    .filter((key) => key.startsWith(labelPrefix) && metadata[key] === true)
    .map((key) => key.slice(labelPrefix.length))
    .sort();
}
