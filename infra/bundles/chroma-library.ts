import { readFile, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { makeWeak } from "./version-needs.ts";

const bindings = "chromadb-js-bindings-linux-x64-gnu";

/** The only glibc version newer than Lambda's that the bindings require, and only for optional symbols. */
const tooNew = "GLIBC_2.39";

/** Modification time of every file of a bundle, so that the same source gives the same bytes. */
export const bundleTime = new Date("2000-01-01T00:00:00Z");

/**
 * The native Chroma server, made to load on glibc 2.34 (Amazon Linux 2023) and later.
 * Its export `cli` runs the server. Throws LibraryUnpatchableError when the installed bindings are not as expected.
 */
export async function chromaLibrary(): Promise<Buffer> {
  const library = await readFile(createRequire(import.meta.filename).resolve(bindings));
  return makeWeak(library, tooNew);
}

/** Writes the library to a file, as `chroma.node` of a bundle. */
export async function writeChromaLibrary(targetFile: string): Promise<void> {
  await writeFile(targetFile, await chromaLibrary());
  await utimes(targetFile, bundleTime, bundleTime);
}
