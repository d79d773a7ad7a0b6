import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Returns a digest of the names and contents of the files in these folders and below them. */
export function folderDigest(...folders: readonly string[]): string {
  const parts = folders.flatMap((folder) =>
    filesIn(folder)
      .sort()
      .map((path) => `${relative(folder, path)} ${hash("sha256", readFileSync(path), "hex")}`),
  );
  return hash("sha256", parts.join("\n"), "hex").slice(0, 32);
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
