import { labelPrefix } from "../vector-metadata.ts";

type Metadata = Readonly<Record<string, string | number | boolean>>;

/** The labels of neighbours. */
export interface LabelEvidence {
  /** The number of hits on which each label is VALID and INVALID. */
  readonly labels: Readonly<Record<string, { readonly valid: number; readonly invalid: number }>>;
}

/** Whether only words have this metadata key. */
export function isOfWords(key: string): boolean {
  return key === "word_id" || key.startsWith(labelPrefix);
}

/** Names of the labels that are VALID on the word with this metadata. */
export function validLabels(metadata: Metadata): string[] {
  return Object.keys(metadata)
    .filter((key) => key.startsWith(labelPrefix) && metadata[key] === true)
    .map((key) => key.slice(labelPrefix.length))
    .sort();
}

export function evidenceOf(neighbours: readonly Metadata[]): LabelEvidence {
  const labels: Record<string, { valid: number; invalid: number }> = {};
  for (const metadata of neighbours) {
    for (const [key, value] of Object.entries(metadata)) {
      if (!key.startsWith(labelPrefix) || typeof value !== "boolean") continue;
      const name = key.slice(labelPrefix.length);
      labels[name] ??= { valid: 0, invalid: 0 };
      labels[name][value ? "valid" : "invalid"] += 1;
    }
  }
  return {
    labels: Object.fromEntries(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1))),
  };
}
