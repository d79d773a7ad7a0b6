import * as z from "zod";
import { collections } from "../../contract/collections.ts";

/** The file in a collection's folder that identifies its newest snapshot. */
export const pointerFile = "latest.json";
export const manifestFile = "manifest.json";
export const archiveFile = "chroma.tar.zst";

const name = z.string().regex(/^\d{8,}-[0-9a-f]{8}$/, { error: "is not the name of a snapshot" });

/** The published generation of each shard; null if nothing was published. */
const generations = z.record(z.string(), z.string().nullable());

/** The content of a snapshot and of its archive. The manifest is written before the pointer refers to it. */
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
    /** The single folder in the archive. */
    folder: z.string(),
    bytes: z.int(),
    sha256: z.string(),
  }),
  /** The files in the folder. */
  files: z.array(z.object({ path: z.string(), size: z.int(), sha256: z.string() })),
});

export type SnapshotManifest = z.infer<typeof snapshotManifest>;

/** The newest snapshot of a collection. Paths are relative to the folder of this object. */
export const snapshotPointer = z.object({
  format: z.literal("vectorkeep-latest/1"),
  /** Increases by one per snapshot. */
  sequence: z.int().min(1),
  snapshot: name,
  manifest: z.string(),
  archive: z.string(),
  created_at: z.iso.datetime(),
  generations,
  /** Readable snapshots, newest first. All others with this or a lower sequence may have been removed. */
  kept: z.array(name).min(1),
});

export type SnapshotPointer = z.infer<typeof snapshotPointer>;
export type Generations = SnapshotPointer["generations"];

export function snapshotName(sequence: number, random: string): string {
  return `${String(sequence).padStart(8, "0")}-${random}`;
}

/** Returns undefined for a text that is not the name of a snapshot. */
export function sequenceOf(snapshot: string): number | undefined {
  return name.safeParse(snapshot).success ? Number(snapshot.split("-")[0]) : undefined;
}

export interface NewPointer {
  readonly manifest: SnapshotManifest;
  readonly before: SnapshotPointer | undefined;
  /** The number of snapshots to keep, including this one. */
  readonly kept: number;
}

/** Returns the pointer that replaces `before`. */
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
