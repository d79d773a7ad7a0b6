import type { Collection } from "../../contract/collections.ts";
import { labelKey } from "../receipts/vector-metadata.ts";
import type { FactFields } from "./known-items.ts";

/** The facts in a receipt's items that its vectors carry in addition to those from embedding. */
export interface ReceiptFacts {
  readonly fields: FactFields;
  /** Validation status by word's vector id and label name. */
  readonly labels: ReadonlyMap<string, ReadonlyMap<string, string | undefined>>;
}

/**
 * The part of a vector's metadata that changes after embedding. A key that is absent here must be absent from the
 * vector.
 */
export type KnownMetadata = Readonly<Record<string, string | boolean>>;

const noLabels: ReadonlyMap<string, string | undefined> = new Map();

/** The expected metadata of a vector: a function of the items alone, independent of the order of changes (F9). */
export function knownMetadata(facts: ReceiptFacts, collection: Collection, vectorId: string): KnownMetadata {
  if (collection === "lines") return { ...facts.fields };
  return { ...facts.fields, ...labelMetadata(facts.labels.get(vectorId) ?? noLabels) };
}

function labelMetadata(labels: ReadonlyMap<string, string | undefined>): KnownMetadata {
  const judged: Record<string, boolean> = {};
  for (const [name, status] of labels) {
    if (status === "VALID") judged[labelKey(name)] = true;
    if (status === "INVALID") judged[labelKey(name)] = false;
  }
  return { label_status: labelStatus(new Set(labels.values())), ...judged };
}

/** The status of a word, from all its labels; a word without labels is unvalidated. */
function labelStatus(
  statuses: ReadonlySet<string | undefined>,
): "validated" | "auto_suggested" | "unvalidated" {
  if (statuses.has("VALID")) return "validated";
  return statuses.has("PENDING") ? "auto_suggested" : "unvalidated";
}
