import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buildProgram, type Program, projectRoot } from "./build-program.ts";
import { bundleTime } from "./chroma-library.ts";
import { exporterFile } from "./lean-imports.ts";
import { filesOf, type NativePart } from "./native-parts.ts";

/** The files of a bundle by name. The same source gives the same bytes. */
export type Bundle = ReadonlyMap<string, Uint8Array>;

/** The files that are shipped next to the code. */
export interface Ingredients {
  /** @default none */
  readonly native?: readonly NativePart[];
}

/** A source of the project as one file of JavaScript. Throws BundleFailedError. */
export type ProgramOf = (source: string) => Promise<Program>;

/** `functions/{name}/handler.ts` as `index.mjs`, whose export `handler` Lambda calls, and its source map. */
export async function bundleFunction(
  name: string,
  { native = [] }: Ingredients,
  programOf: ProgramOf = buildProgram,
): Promise<Bundle> {
  const program = await programOf(`functions/${name}/handler.ts`);
  return new Map([
    ...programFiles("index.mjs", program),
    ...(await exporterFiles(programOf)),
    ...(await filesOf(native)),
  ]);
}

/** Bundles `containers/{name}/main.ts` as `main.mjs` next to its Dockerfile, in a folder that Docker builds. */
export async function bundleContainer(
  name: string,
  { native = [] }: Ingredients,
  programOf: ProgramOf = buildProgram,
): Promise<Bundle> {
  const program = await programOf(`containers/${name}/main.ts`);
  const dockerfile = await readFile(join(projectRoot, "containers", name, "Dockerfile"));
  return new Map([
    ...programFiles("main.mjs", program),
    ...(await exporterFiles(programOf)),
    ["Dockerfile", dockerfile],
    ...(await filesOf(native)),
  ]);
}

/** A program and its source map, which Node.js finds by the last line. */
export function programFiles(name: string, { code, map }: Program): [string, Uint8Array][] {
  const mapName = `${name}.map`;
  return [
    [name, Buffer.concat([code, Buffer.from(`//# sourceMappingURL=${mapName}\n`)])],
    [mapName, map],
  ];
}

/** The files that a process only loads if spans are exported. Programs import them by this name (lean-imports.ts). */
async function exporterFiles(programOf: ProgramOf): Promise<[string, Uint8Array][]> {
  return programFiles(exporterFile, await programOf("core/tracing/exporter.ts"));
}

/** Hexadecimal SHA-256 over names and contents. */
export function hashOf(bundle: Bundle): string {
  const hash = createHash("sha256");
  for (const [name, bytes] of [...bundle].sort(byName))
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  return hash.digest("hex");
}

/**
 * Writes a bundle to its own folder and returns the folder. A folder with the same content is left untouched; any other
 * is replaced atomically, so that concurrent programs never see a partial bundle.
 */
export async function place(bundle: Bundle, folder: string): Promise<string> {
  if (await holds(folder, bundle)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const aside = await mkdtemp(`${folder}.`);
  const fresh = join(aside, "fresh");
  await mkdir(fresh);
  for (const [name, bytes] of bundle) {
    await mkdir(dirname(join(fresh, name)), { recursive: true });
    await writeFile(join(fresh, name), bytes);
    await utimes(join(fresh, name), bundleTime, bundleTime);
  }
  try {
    await rename(fresh, folder);
  } catch (error) {
    if (!isThere(error)) throw error;
    if (!(await holds(folder, bundle))) {
      await rename(folder, join(aside, "old"));
      await rename(fresh, folder);
    }
  } finally {
    await rm(aside, { recursive: true });
  }
  return folder;
}

function isThere(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOTEMPTY" || code === "EEXIST";
}

async function holds(folder: string, bundle: Bundle): Promise<boolean> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  if (entries.filter((entry) => entry.isFile()).length !== bundle.size) return false;
  const same = await Promise.all(
    [...bundle].map(async ([name, bytes]) => {
      const there = await readFile(join(folder, name)).catch(() => undefined);
      return there?.equals(bytes) === true;
    }),
  );
  return same.every(Boolean);
}

function byName([left]: [string, Uint8Array], [right]: [string, Uint8Array]): number {
  return left < right ? -1 : 1;
}
