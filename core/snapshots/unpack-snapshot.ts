import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import * as tar from "tar";
import { describeFiles } from "../collections/generations/manifest.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";
import { Measured } from "./snapshot-archive.ts";
import { SnapshotCorruptError } from "./snapshot-errors.ts";
import type { SnapshotManifest, SnapshotPointer } from "./snapshot-manifest.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/** The folder exists. A reader may have it open, and a Chroma database must not change while it is read. */
export class SnapshotFolderTakenError extends VectorkeepError {
  constructor(folder: string) {
    super(`The folder ${folder} exists already.`, "Name another one, or remove it when nothing reads it.");
  }
}

/**
 * Downloads a snapshot as a Chroma database into its own folder, with the manifest next to it. The database gets its
 * final name when it is complete and verified. Returns its folder. Throws SnapshotFolderTakenError and
 * SnapshotCorruptError.
 */
export async function unpackSnapshot(
  { from, onBytes }: { readonly from: SnapshotStore; readonly onBytes: (bytes: number) => void },
  source: SnapshotPointer,
  manifest: SnapshotManifest,
  folder: string,
): Promise<string> {
  const name = manifest.archive.folder;
  const target = join(folder, name);
  if (existsSync(target)) throw new SnapshotFolderTakenError(target);
  const unfinished = join(folder, `.${name}-${randomBytes(4).toString("hex")}`);
  await mkdir(unfinished, { recursive: true });
  try {
    const measured = new Measured(onBytes);
    await pipeline(
      await from.openArchive(source),
      measured,
      createZstdDecompress(),
      tar.extract({ cwd: unfinished, strict: true }),
    );
    const found = await describeFiles(join(unfinished, name));
    if (measured.sha256() !== manifest.archive.sha256 || !isSame(found, manifest.files)) {
      throw new SnapshotCorruptError(from.urlOf(source.archive), "it is not what its manifest says");
    }
    await writeFile(join(folder, `${name}.manifest.json`), JSON.stringify(manifest, undefined, 2));
    await rename(join(unfinished, name), target);
    return target;
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

function isSame(found: SnapshotManifest["files"], expected: SnapshotManifest["files"]): boolean {
  const digests = new Map(found.map(({ path, sha256 }) => [path, sha256]));
  return (
    digests.size === expected.length && expected.every(({ path, sha256 }) => digests.get(path) === sha256)
  );
}
