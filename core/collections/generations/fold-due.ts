import type { HeadOverlay } from "./head.ts";

/** A fold is due once the overlay exceeds this fraction (one tenth) of the base's vectors. */
const partOfBase = 10;
/** Readers read the segments one after another and hold their entries in memory. */
const maxSegmentBytes = 8 * 1024 * 1024;

export interface FoldRules {
  /** The number of vectors above the base, or a tenth of the base if that is more, that triggers a fold; 0: any change does. */
  readonly foldVectors: number;
  /** Maximum time for which a change stays above the base. */
  readonly foldMs: number;
  /** The number of vectors above the base at which new documents wait for a fold. */
  readonly maxOverlayVectors: number;
}

/** The reason why a fold is due; undefined if none is. */
export function foldDue(
  overlay: HeadOverlay | undefined,
  rules: FoldRules,
  now = Date.now(),
): "overlay" | "age" | undefined {
  if (overlay?.since == null) return undefined;
  if (rules.foldVectors === 0) return "overlay";
  const { vectors, bytes, since, databaseCount } = overlay;
  const most = Math.min(
    Math.max(rules.foldVectors, databaseCount / partOfBase),
    // Below the back-pressure limit, so that a bulk load continues while its first part is folded.
    rules.maxOverlayVectors / 2,
  );
  if (vectors > most || bytes > maxSegmentBytes) return "overlay";
  return now - Date.parse(since) > rules.foldMs ? "age" : undefined;
}
