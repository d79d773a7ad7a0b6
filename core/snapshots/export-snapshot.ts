import { indexSettings } from "../collections/chroma/chroma-vector-store.ts";
import { chromaVersion } from "../collections/chroma/chroma-version.ts";
import { headsOf, type MaterialiseDeps, type Materialised, withMaterialised } from "./materialise.ts";
import { publishSnapshot } from "./publish-snapshot.ts";
import { Measured, packed, stored } from "./snapshot-archive.ts";
import { SnapshotOverdueError } from "./snapshot-errors.ts";
import { archiveFile, type SnapshotManifest, type SnapshotPointer } from "./snapshot-manifest.ts";
import type { Latest, SnapshotStore } from "./snapshot-store.ts";

export interface ExportDeps extends Omit<MaterialiseDeps, "begin" | "inTime" | "deadline"> {
  readonly store: SnapshotStore;
  /** The number of snapshots to keep, including the newest. */
  readonly kept: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Called before each step. */
  readonly onStep: (step: string) => void;
}

/**
 * `nothing`: nothing is published. `current`: the newest snapshot is up to date. `superseded`: another export was
 * faster, and its snapshot is the newest one.
 */
export type ExportOutcome =
  | { readonly state: "nothing" }
  | { readonly state: "current" | "superseded"; readonly latest: SnapshotPointer }
  | { readonly state: "written"; readonly latest: SnapshotPointer; readonly manifest: SnapshotManifest };

/**
 * Writes the published content of a collection as a snapshot, unless the newest one is up to date. Archive and manifest
 * are written first; the pointer is updated last, by one conditional write, so that readers see either the complete new
 * snapshot or the previous one. `deadline` is the time of the clock by which it must have finished.
 */
export async function exportSnapshot(deps: ExportDeps, deadline: number): Promise<ExportOutcome> {
  const { collection, store, clock, log } = deps;
  const inTime = (step: string) => {
    if (clock.now() >= deadline) throw new SnapshotOverdueError(collection, step);
  };
  const begin = (step: string) => {
    deps.onStep(step);
    inTime(step);
  };
  const before = await store.latest();
  const heads = await headsOf(deps);
  if ([...heads.values()].every((head) => head === undefined)) return { state: "nothing" };
  if (before && [...heads].every(([shard, head]) => isIn(before, shard, head?.name))) {
    await store.removeOutdated(before.pointer);
    return { state: "current", latest: before.pointer };
  }
  const began = clock.now();
  const snapshot = store.nextName(before);
  const manifest = await withMaterialised({ ...deps, begin, inTime, deadline }, async (made) => {
    begin("upload the archive");
    const archive = await upload(deps, snapshot, made, () => inTime("upload the archive"));
    return manifestOf(deps, snapshot, made, archive);
  });
  inTime("publish it");
  const published = await publishSnapshot(deps, manifest, before);
  if (!published.isNewest) return { state: "superseded", latest: published.latest };
  log.info("Snapshot written", {
    collection,
    key: store.urlOf(published.latest.archive),
    vectors: manifest.vectors,
    bytes_written: manifest.archive.bytes,
    duration_ms: Math.round(clock.now() - began),
  });
  return { state: "written", latest: published.latest, manifest };
}

function isIn({ pointer }: Latest, shard: string, name: string | undefined): boolean {
  return pointer.generations[shard] === (name ?? null);
}

/**
 * Packs, compresses, measures and uploads in one pass, so that no part of the archive is on disk and only a few parts
 * are in memory.
 */
async function upload(
  { collection, store }: ExportDeps,
  snapshot: string,
  { folder, files }: Materialised,
  onBytes: () => void,
): Promise<Measured> {
  const measured = new Measured(onBytes);
  const paths = files.map(({ path }) => path);
  await stored(packed(folder, paths, collection), measured, (bytes) => store.putArchive(snapshot, bytes));
  return measured;
}

function manifestOf(
  { collection, target, now }: ExportDeps,
  snapshot: string,
  { files, vectors, generations }: Materialised,
  archive: Measured,
): SnapshotManifest {
  return {
    format: "vectorkeep-snapshot/1",
    snapshot,
    collection,
    created_at: new Date(now()).toISOString(),
    vectors,
    embedding: { ...target, distance: indexSettings.space },
    chroma: chromaVersion,
    generations,
    archive: { file: archiveFile, folder: collection, bytes: archive.bytes, sha256: archive.sha256() },
    files: [...files],
  };
}
