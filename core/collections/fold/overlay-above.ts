import type { SegmentEntry } from "../segments/entry.ts";
import type { Overlay } from "../segments/overlay.ts";

/**
 * What stays above a new base of what is above the old one: all that says something else than what has got into it, be it
 * newer or left out. However the segments were merged meanwhile, it is the same. Undefined where something has got in of
 * which the overlay says nothing any more, as after a restore: then the new base does not follow.
 */
export function overlayAbove(overlay: Overlay, settled: Overlay): Overlay | undefined {
  for (const key of settled.keys()) if (!overlay.has(key)) return undefined;
  return new Map([...overlay].filter(([key, entry]) => !isSame(settled.get(key), entry)));
}

function isSame(one: SegmentEntry | undefined, other: SegmentEntry): boolean {
  if (one === undefined || one.gone || other.gone) return one?.gone === true && other.gone;
  return one.runId === other.runId && one.deltaKey === other.deltaKey && one.digest === other.digest;
}
