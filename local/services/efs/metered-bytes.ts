import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

const blockBytes = 4096;
const metadataBytes = 2048;

/** Measures a folder like EFS: files in blocks of 4 KiB plus 2 KiB of metadata each, hard links once. */
export async function meteredBytes(folder: string): Promise<number> {
  const seen = new Set<number>();
  let bytes = 0;
  const folders = [folder];
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    bytes += blockBytes + metadataBytes;
    for (const entry of await unlessGone(readdir(at, { withFileTypes: true }), [])) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) {
        folders.push(path);
        continue;
      }
      const found = await unlessGone(lstat(path), undefined);
      if (found === undefined || seen.has(found.ino)) continue;
      seen.add(found.ino);
      bytes += Math.ceil(found.size / blockBytes) * blockBytes + metadataBytes;
    }
  }
  return bytes;
}

/** Generations are written and deleted during the count. */
async function unlessGone<T>(reading: Promise<T>, otherwise: T): Promise<T> {
  return reading.catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return otherwise;
    throw error;
  });
}
