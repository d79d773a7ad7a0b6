import type { BaseIndex } from "../segments/base-index.ts";
import { type Overlay, vectorsIn } from "../segments/overlay.ts";
import type { HeadOverlay } from "./head.ts";

export interface Layers {
  readonly database: string | null;
  readonly databaseCount: number;
  readonly index: BaseIndex;
  readonly overlay: Overlay;
  readonly segments: readonly { readonly size: number }[];
}

/** The overlay figures that a head records. `before` are those of the head that it replaces. */
export function overlayFigures(
  { database, databaseCount, overlay, segments }: Layers,
  before: HeadOverlay | undefined,
): HeadOverlay {
  const since = before?.database === database ? before.since : null;
  return {
    database,
    databaseCount,
    vectors: vectorsIn(overlay),
    bytes: segments.reduce((sum, { size }) => sum + size, 0),
    since: overlay.size === 0 ? null : (since ?? new Date().toISOString()),
  };
}
