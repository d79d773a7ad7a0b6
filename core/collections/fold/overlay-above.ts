import type { SegmentEntry } from "../segments/entry.ts";
import type { Overlay } from "../segments/overlay.ts";

/**
 * The part of the overlay that stays above a new base: every entry that differs from the one that the fold merged,
 * because it is newer or was left out. The result does not depend on how the segments were merged in the meantime.
 * Returns undefined if the overlay lacks a document that the fold merged, as after a restore: then the new base cannot
 * follow this head.
 */
export function overlayAbove(overlay: Overlay, settled: Overlay): Overlay | undefined {
  for (const key of settled.keys()) if (!overlay.has(key)) return undefined;
  return new Map([...overlay].filter(([key, entry]) => !isSame(settled.get(key), entry)));
}

function isSame(one: SegmentEntry | undefined, other: SegmentEntry): boolean {
  if (one === undefined || one.gone || other.gone) return one?.gone === true && other.gone;
  return one.runId === other.runId && one.deltaKey === other.deltaKey && one.digest === other.digest;
}
