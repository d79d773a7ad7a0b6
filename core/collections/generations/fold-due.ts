import type { HeadOverlay } from "./head.ts";

/** Share of the base that may be above it. */
const partOfBase = 10;
/** Readers read the segments one after another, and hold what they say in memory. */
const maxSegmentBytes = 8 * 1024 * 1024;

export interface FoldRules {
  /** Vectors above the base, or a tenth of the base if that is more, from which on it is folded. */
  readonly foldVectors: number;
  /** Maximum time for which a change stays above the base. */
  readonly foldMs: number;
  /** Vectors above the base, from which on new documents wait for a fold. */
  readonly maxOverlayVectors: number;
}

/** Why what is above the base has to go into the next one; undefined where it need not yet. */
export function foldDue(
  overlay: HeadOverlay | undefined,
  rules: FoldRules,
  now = Date.now(),
): "overlay" | "age" | undefined {
  if (overlay?.since == null) return undefined;
  const { vectors, bytes, since, databaseCount } = overlay;
  const most = Math.min(
    Math.max(rules.foldVectors, databaseCount / partOfBase),
    // Below the bound of back-pressure, so that a load continues while its first part is folded.
    rules.maxOverlayVectors / 2,
  );
  if (vectors > most || bytes > maxSegmentBytes) return "overlay";
  return now - Date.parse(since) > rules.foldMs ? "age" : undefined;
}
