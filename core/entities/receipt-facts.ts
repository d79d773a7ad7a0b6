import type { Collection } from "../receipts/receipt.ts";
import { labelKey } from "../receipts/vector-metadata.ts";
import type { Merchant } from "./known-items.ts";

/** What the items of a receipt say of its vectors, beside what embedding knows. */
export interface ReceiptFacts {
  readonly merchant: Merchant;
  /** By word's vector id: the validation status of each of its labels, by the label's name. */
  readonly labels: ReadonlyMap<string, ReadonlyMap<string, string | undefined>>;
}

/** The part of a vector's metadata that changes after embedding. A key that is absent here must be absent there. */
export type KnownMetadata = Readonly<Record<string, string | boolean>>;

const noLabels: ReadonlyMap<string, string | undefined> = new Map();

/** What a vector must show, from all that is known: a function of the items alone, whichever change led to it (F9). */
export function knownMetadata(facts: ReceiptFacts, collection: Collection, vectorId: string): KnownMetadata {
  if (collection === "lines") return { ...facts.merchant };
  return { ...facts.merchant, ...labelMetadata(facts.labels.get(vectorId) ?? noLabels) };
}

function labelMetadata(labels: ReadonlyMap<string, string | undefined>): KnownMetadata {
  const judged: Record<string, boolean> = {};
  for (const [name, status] of labels) {
    if (status === "VALID") judged[labelKey(name)] = true;
    if (status === "INVALID") judged[labelKey(name)] = false;
  }
  return { label_status: labelStatus(new Set(labels.values())), ...judged };
}

/** Of a word from all its labels; a word without any is unvalidated too. */
function labelStatus(
  statuses: ReadonlySet<string | undefined>,
): "validated" | "auto_suggested" | "unvalidated" {
  if (statuses.has("VALID")) return "validated";
  return statuses.has("PENDING") ? "auto_suggested" : "unvalidated";
}
