import * as z from "zod";
import { collections } from "../../contract/collections.ts";

/** Below the folder of a collection: what names its newest snapshot. */
export const pointerFile = "latest.json";
export const manifestFile = "manifest.json";
export const archiveFile = "chroma.tar.zst";

const name = z.string().regex(/^\d{8,}-[0-9a-f]{8}$/, { error: "is not the name of a snapshot" });

/** The published generation of each shard; null where nothing was published. */
const generations = z.record(z.string(), z.string().nullable());

/** What a snapshot holds, and what its archive must be. It is written before the pointer names it. */
export const snapshotManifest = z.object({
  format: z.literal("vectorkeep-snapshot/1"),
  snapshot: name,
  collection: z.enum(collections),
  created_at: z.iso.datetime(),
  vectors: z.int(),
  embedding: z.object({ model: z.string(), dimensions: z.int(), distance: z.literal("cosine") }),
  /** Release of Chroma whose server wrote the database. */
  chroma: z.string(),
  generations,
  archive: z.object({
    file: z.literal(archiveFile),
    /** The one folder that it unpacks to. */
    folder: z.string(),
    bytes: z.int(),
    sha256: z.string(),
  }),
  /** Of the folder. */
  files: z.array(z.object({ path: z.string(), size: z.int(), sha256: z.string() })),
});

export type SnapshotManifest = z.infer<typeof snapshotManifest>;

/** The newest snapshot of a collection. Paths are relative to the folder of this object. */
export const snapshotPointer = z.object({
  format: z.literal("vectorkeep-latest/1"),
  /** Grows by one per snapshot. */
  sequence: z.int().min(1),
  snapshot: name,
  manifest: z.string(),
  archive: z.string(),
  created_at: z.iso.datetime(),
  generations,
  /** Snapshots that can be read, newest first. All others of this or a lower sequence may be gone. */
  kept: z.array(name).min(1),
});

export type SnapshotPointer = z.infer<typeof snapshotPointer>;
export type Generations = SnapshotPointer["generations"];

export function snapshotName(sequence: number, random: string): string {
  return `${String(sequence).padStart(8, "0")}-${random}`;
}

/** Undefined for what is not the name of a snapshot. */
export function sequenceOf(snapshot: string): number | undefined {
  return name.safeParse(snapshot).success ? Number(snapshot.split("-")[0]) : undefined;
}

export interface NewPointer {
  readonly manifest: SnapshotManifest;
  readonly before: SnapshotPointer | undefined;
  /** Number of snapshots to keep, this one included. */
  readonly kept: number;
}

/** The pointer that follows `before`. */
export function pointerTo({ manifest, before, kept }: NewPointer): SnapshotPointer {
  const { snapshot, created_at, generations } = manifest;
  return {
    format: "vectorkeep-latest/1",
    sequence: (before?.sequence ?? 0) + 1,
    snapshot,
    manifest: `${snapshot}/${manifestFile}`,
    archive: `${snapshot}/${archiveFile}`,
    created_at,
    generations,
    kept: [snapshot, ...(before?.kept ?? [])].slice(0, kept),
  };
}
