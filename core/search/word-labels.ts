import type { VectorMetadata } from "../deltas/delta.ts";
import { labelPrefix, metadataType } from "../receipts/vector-metadata.ts";

/** The metadata key of a label: true where the label is VALID on the word, false where it is INVALID. */
export function labelKey(label: string): string {
  return labelPrefix + label;
}

/** False for a name whose key says something else of the word. */
export function canBeLabel(name: string): boolean {
  return metadataType(labelKey(name)) === "bool";
}

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
