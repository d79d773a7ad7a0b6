import { readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { projectRoot } from "./build-program.ts";
import { chromaLibrary } from "./chroma-library.ts";

/**
 * Parts that cannot be bundled into a program: `chroma`, the native Chroma server, as `chroma.node`; `sharp` and
 * `heic`, which load their native library or WebAssembly from their own folder, and `board`, the pages of Bull Board, as
 * packages under `node_modules/`.
 */
export type NativePart = "chroma" | "sharp" | "heic" | "board";

/** sharp and its dependencies on Lambda's x86_64. */
const packages = {
  sharp: [
    "sharp",
    "@img/sharp-linux-x64",
    "@img/sharp-libvips-linux-x64",
    "@img/colour",
    "detect-libc",
    "semver",
  ],
  heic: ["libheif-js"],
  board: ["@bull-board/ui"],
} as const;

/**
 * Files of these packages that are not needed at run time: types, sources, C headers, and builds that are not loaded.
 */
const unused =
  /\.(d\.[cm]?ts|[cm]?ts|map|md|h|hpp|gyp)$|(^|\/)(src|include|lib\/glib-2\.0|test|\.github|scripts|install)\/|^libheif(-wasm)?\/.*\.(html|txt)$/;

/** The files of the parts, by their names in the bundle. */
export async function filesOf(parts: readonly NativePart[]): Promise<[string, Uint8Array][]> {
  const files = await Promise.all(
    parts.map(async (part): Promise<[string, Uint8Array][]> => {
      if (part === "chroma") return [["chroma.node", await chromaLibrary()]];
      return (await Promise.all(packages[part].map(packageFiles))).flat();
    }),
  );
  // The licences of these packages ask for it.
  const isNoticed = parts.some((part) => part !== "chroma");
  return [...files.flat(), ...(isNoticed ? [await notice()] : [])];
}

async function notice(): Promise<[string, Uint8Array]> {
  return ["NOTICE", await readFile(join(projectRoot, "NOTICE"))];
}

async function packageFiles(name: string): Promise<[string, Uint8Array][]> {
  const folder = await realpath(join(projectRoot, "node_modules", name));
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !unused.test(path) && !path.startsWith("node_modules/"))
    .sort();
  return Promise.all(
    paths.map(
      async (path): Promise<[string, Uint8Array]> => [
        `node_modules/${name}/${path}`,
        await readFile(join(folder, path)),
      ],
    ),
  );
}
