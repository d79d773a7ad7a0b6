import { documentModel } from "../../documents/documents.ts";
import type { BaseIndex } from "./base-index.ts";
import type { SegmentEntry } from "./entry.ts";

/** Bounded, because a reader that opens a generation reads its segments one after another. */
export const maxSegments = 16;
/** A segment is merged with the newer ones once it is at most this many times as large. */
const growth = 2;

/** The newest entry of each document in the segments, by document key. */
export type Overlay = ReadonlyMap<string, SegmentEntry>;

/** The segments must be ordered from oldest to newest. */
export function overlayOf(segments: Iterable<readonly SegmentEntry[]>): Overlay {
  const overlay = new Map<string, SegmentEntry>();
  for (const entries of segments)
    for (const entry of entries) overlay.set(documentModel.keyOf(entry.document), entry);
  return overlay;
}

/** Number of vectors of the deltas that an overlay names. */
export function vectorsIn(overlay: Overlay): number {
  return [...overlay.values()].reduce((sum, entry) => sum + (entry.gone ? 0 : entry.vectorCount), 0);
}

/** Number of vectors of a base with an overlay above it. */
export function countOver(
  base: { readonly count: number; readonly index: BaseIndex },
  overlay: Overlay,
): number {
  let count = base.count;
  for (const [key, entry] of overlay) {
    count -= base.index.get(key)?.vectorCount ?? 0;
    count += entry.gone ? 0 : entry.vectorCount;
  }
  return count;
}

/**
 * The number of newest segments to merge into the next one, which has `next` entries. Zero while there is room; then
 * enough that the remaining segments are larger than the one written, so that each entry is rewritten a logarithmic
 * number of times.
 */
export function segmentsToMerge(sizes: readonly number[], next: number, most = maxSegments): number {
  if (sizes.length < most) return 0;
  let merged = 0;
  let written = next;
  while (merged < sizes.length) {
    const older = sizes[sizes.length - merged - 1] ?? 0;
    if (merged > 0 && older > growth * written) break;
    written += older;
    merged += 1;
  }
  return merged;
}
