import { link, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { ManifestFile } from "./manifest.ts";

/** The file has the maximum number of links (177 on EFS), or the file system does not support links. */
const noLinkCodes = new Set(["EMLINK", "EXDEV", "EPERM", "ENOTSUP"]);

/** The folders that contain these files, each after its parent. */
export function foldersOf(root: string, files: readonly ManifestFile[]): string[] {
  const folders = new Set([root]);
  for (const { path } of files) {
    const parts = path.split("/").slice(0, -1);
    for (const [depth] of parts.entries()) folders.add(join(root, ...parts.slice(0, depth + 1)));
  }
  return [...folders];
}

/** Not recursive: another holder may have removed the parent folder, and it must not be created again. */
export async function makeFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await mkdir(folder);
}

/** Resolves to false if the file system refuses the link. */
export async function linkInto(target: string, existing: string): Promise<boolean> {
  try {
    await link(existing, target);
    return true;
  } catch (error) {
    if (noLinkCodes.has((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** Flushes a file or folder to disk. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
