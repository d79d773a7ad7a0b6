/**
 * Limit for documents that are already in the base: twice that of new documents, so that changes are published while
 * new documents wait for a fold.
 */
export function maxVectorsWithChanges(maxOverlayVectors: number): number {
  return 2 * maxOverlayVectors;
}
