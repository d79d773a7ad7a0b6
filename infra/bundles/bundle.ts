import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { build } from "esbuild";
import { bundleTime, chromaLibrary } from "./chroma-library.ts";

const root = join(import.meta.dirname, "../..");

/** The files of a bundle by name. The same source gives the same bytes. */
export type Bundle = ReadonlyMap<string, Uint8Array>;

export interface Ingredients {
  /** Whether `chroma.node`, the native Chroma server, lies beside the code. */
  readonly chroma: boolean;
}

/** A source that esbuild could not bundle; its own messages say where. */
export class BundleFailed extends pulumi.RunError {
  constructor(source: string, cause: unknown) {
    super(`${source} could not be bundled: ${cause instanceof Error ? cause.message : cause}`);
    this.name = "BundleFailed";
  }
}

/** `functions/{name}/handler.ts` as `index.mjs`, whose export `handler` Lambda calls. */
export async function bundleFunction(name: string, { chroma }: Ingredients): Promise<Bundle> {
  const code = await bundleProgram(`functions/${name}/handler.ts`);
  return new Map([["index.mjs", code], ...(await native(chroma))]);
}

/** `containers/{name}/main.ts` as `main.mjs` beside its Dockerfile: a folder that Docker builds. */
export async function bundleContainer(name: string, { chroma }: Ingredients): Promise<Bundle> {
  const code = await bundleProgram(`containers/${name}/main.ts`);
  const dockerfile = await readFile(join(root, "containers", name, "Dockerfile"));
  return new Map([["main.mjs", code], ["Dockerfile", dockerfile], ...(await native(chroma))]);
}

/** Hexadecimal SHA-256 over names and contents. */
export function hashOf(bundle: Bundle): string {
  const hash = createHash("sha256");
  for (const [name, bytes] of [...bundle].sort(byName))
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  return hash.digest("hex");
}

/**
 * Puts a bundle into a folder of its own and answers the folder. One that holds the very bundle already is left
 * alone, and another is replaced as a whole, so that programs that run side by side never see half of one.
 */
export async function place(bundle: Bundle, folder: string): Promise<string> {
  if (await holds(folder, bundle)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const aside = await mkdtemp(`${folder}.`);
  const fresh = join(aside, "fresh");
  await mkdir(fresh);
  for (const [name, bytes] of bundle) {
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

/** A source of the project as one file of JavaScript. Throws BundleFailed. */
export async function bundleProgram(source: string): Promise<Uint8Array> {
  try {
    const { outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: [source],
      write: false,
      bundle: true,
      platform: "node",
      target: "node24",
      format: "esm",
      mainFields: ["module", "main"],
      // A failure is known by its class name, in logs as in the code.
      keepNames: true,
      // Optional parts of the chromadb client that nothing here uses.
      external: ["@chroma-core/*", "chromadb-js-bindings-*"],
      // Packages that are still CommonJS call require for Node's own modules.
      banner: {
        js: 'import { createRequire as bundleRequire } from "node:module";\nconst require = bundleRequire(import.meta.url);',
      },
      logLevel: "silent",
    });
    return outputFiles[0]?.contents ?? new Uint8Array();
  } catch (error) {
    throw new BundleFailed(source, error);
  }
}

async function native(chroma: boolean): Promise<[string, Uint8Array][]> {
  return chroma ? [["chroma.node", await chromaLibrary()]] : [];
}

async function holds(folder: string, bundle: Bundle): Promise<boolean> {
  const names = await readdir(folder).catch(() => []);
  if (names.length !== bundle.size) return false;
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
