import { hash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Returns a digest of the names and contents of the files in these folders. */
export function folderDigest(...folders: readonly string[]): string {
  const parts = folders.flatMap((folder) =>
    readdirSync(folder)
      .sort()
      .map((name) => `${name} ${hash("sha256", readFileSync(join(folder, name)), "hex")}`),
  );
  return hash("sha256", parts.join("\n"), "hex").slice(0, 32);
}
