import { publishSnapshot } from "./publish-snapshot.ts";
import { Measured, stored } from "./snapshot-archive.ts";
import { SnapshotCorruptError } from "./snapshot-errors.ts";
import type { SnapshotManifest, SnapshotPointer } from "./snapshot-manifest.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface CopySnapshotDeps {
  readonly from: SnapshotStore;
  readonly to: SnapshotStore;
  /** The number of snapshots to keep there, including the newest. */
  readonly kept: number;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Copies a snapshot to another store and makes it the newest one there, without copying existing objects again. Returns
 * the newest snapshot of that store. Throws SnapshotCorruptError.
 */
export async function copySnapshot(
  { from, to, kept, onBytes }: CopySnapshotDeps,
  source: SnapshotPointer,
  manifest: SnapshotManifest,
): Promise<SnapshotPointer> {
  const before = await to.latest();
  if (before?.pointer.created_at === manifest.created_at) return before.pointer;
  const snapshot = to.nextName(before);
  const measured = new Measured(onBytes);
  const archive = await from.openArchive(source);
  await stored([archive], measured, (bytes) => to.putArchive(snapshot, bytes));
  if (measured.sha256() !== manifest.archive.sha256) {
    await to.discard(snapshot);
    throw new SnapshotCorruptError(from.urlOf(source.archive), "its bytes are not what its manifest says");
  }
  const copied = { ...manifest, snapshot };
  const { latest } = await publishSnapshot({ store: to, kept, onStep: () => undefined }, copied, before);
  return latest;
}
