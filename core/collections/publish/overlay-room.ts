/** Of the vectors above a base: from `maxOverlayVectors` on new documents wait for a fold, from this many changes too. */
export function maxVectorsWithChanges(maxOverlayVectors: number): number {
  return 2 * maxOverlayVectors;
}
