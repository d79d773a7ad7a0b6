import { link, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { ManifestFile } from "./manifest.ts";

/** The file system has no room for one more link (EFS: 177 per file), or knows none. */
const noLinkCodes = new Set(["EMLINK", "EXDEV", "EPERM", "ENOTSUP"]);

/** Those that the files are in, each after the one that it is in. */
export function foldersOf(root: string, files: readonly ManifestFile[]): string[] {
  const folders = new Set([root]);
  for (const { path } of files) {
    const parts = path.split("/").slice(0, -1);
    for (const [depth] of parts.entries()) folders.add(join(root, ...parts.slice(0, depth + 1)));
  }
  return [...folders];
}

/** One by one, not recursively: another holder may have removed the parent, which must not be created again. */
export async function makeFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) await mkdir(folder);
}

/** False where the file system refuses the link. */
export async function linkInto(target: string, existing: string): Promise<boolean> {
  try {
    await link(existing, target);
    return true;
  } catch (error) {
    if (noLinkCodes.has((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  }
}

/** Makes what was written to a file or folder durable. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
