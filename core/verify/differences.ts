import type { VectorDigest } from "./digest.ts";

/** A vector that exists and differs from the expected one. */
export interface Stale {
  readonly id: string;
  readonly what: "document" | "metadata" | "numbers";
}

export interface Differences {
  /** Expected ids that do not exist. */
  readonly missing: readonly string[];
  /** Ids that exist and are not expected. */
  readonly extra: readonly string[];
  readonly stale: readonly Stale[];
}

/** Compares the expected vectors of one document with its published ones. */
export function differencesOf(
  expected: Iterable<VectorDigest>,
  published: ReadonlyMap<string, VectorDigest>,
): Differences {
  const expectedIds = new Set<string>();
  const missing: string[] = [];
  const stale: Stale[] = [];
  for (const { id, document, metadata } of expected) {
    expectedIds.add(id);
    const there = published.get(id);
    if (there === undefined) missing.push(id);
    else if (there.document !== document) stale.push({ id, what: "document" });
    else if (there.metadata !== metadata) stale.push({ id, what: "metadata" });
  }
  return { missing, extra: [...published.keys()].filter((id) => !expectedIds.has(id)), stale };
}

export function isNone({ missing, extra, stale }: Differences): boolean {
  return missing.length + extra.length + stale.length === 0;
}
