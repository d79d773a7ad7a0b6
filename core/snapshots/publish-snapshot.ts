import { SnapshotPointerRefusedError } from "./snapshot-errors.ts";
import { pointerFile, pointerTo, type SnapshotManifest, type SnapshotPointer } from "./snapshot-manifest.ts";
import type { Latest, SnapshotStore } from "./snapshot-store.ts";

export interface PublishSnapshotDeps {
  readonly store: SnapshotStore;
  /** The number of snapshots to keep, including the newest. */
  readonly kept: number;
  /** Called before each step. */
  readonly onStep: (step: string) => void;
}

/**
 * Makes an uploaded snapshot the newest one. If another export was faster since `before`, removes the snapshot instead.
 * Returns the newest snapshot.
 */
export async function publishSnapshot(
  { store, kept, onStep }: PublishSnapshotDeps,
  manifest: SnapshotManifest,
  before: Latest | undefined,
): Promise<{ readonly isNewest: boolean; readonly latest: SnapshotPointer }> {
  onStep("write the manifest");
  await store.putManifest(manifest);
  onStep("move latest.json");
  const latest = pointerTo({ manifest, before: before?.pointer, kept });
  if (await store.moveLatest(latest, before)) {
    onStep("remove outdated snapshots");
    await store.removeOutdated(latest);
    return { isNewest: true, latest };
  }
  await store.discard(manifest.snapshot);
  const newest = await store.latest();
  if (newest === undefined) throw new SnapshotPointerRefusedError(store.urlOf(pointerFile));
  return { isNewest: false, latest: newest.pointer };
}
