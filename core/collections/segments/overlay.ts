import { documentModel } from "../../documents/documents.ts";
import type { BaseIndex } from "./base-index.ts";
import type { SegmentEntry } from "./entry.ts";

/** More would be read one after another by each reader that opens a generation. */
export const maxSegments = 16;
/** A segment is merged with those after it once it is no more than this many times as large. */
const growth = 2;

/** By document key: what the newest segment that names a document says of it. */
export type Overlay = ReadonlyMap<string, SegmentEntry>;

/** Of segments from the oldest to the newest. */
export function overlayOf(segments: Iterable<readonly SegmentEntry[]>): Overlay {
  const overlay = new Map<string, SegmentEntry>();
  for (const entries of segments)
    for (const entry of entries) overlay.set(documentModel.keyOf(entry.document), entry);
  return overlay;
}

/** Vectors of the deltas that an overlay names. */
export function vectorsIn(overlay: Overlay): number {
  return [...overlay.values()].reduce((sum, entry) => sum + (entry.gone ? 0 : entry.vectorCount), 0);
}

/** Vectors of a base with an overlay above it. */
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
 * How many of the newest segments are merged with the next one, which has as many entries as it says. None while there
 * is room; then as many as it takes, so that what stays is larger than what is written, and an entry is written a logarithmic number of
 * times.
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
