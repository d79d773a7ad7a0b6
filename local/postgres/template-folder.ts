import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const cacheFolder = join(import.meta.dirname, "../../node_modules/.cache/vectorkeep");

/**
 * Fills an empty folder with a fresh database. Keeps the result of initdb next to its packages for the next fresh
 * database, because initdb takes ten times longer than opening it.
 */
export async function createDataFolder(
  folder: string,
  initialize: (folder: string) => Promise<void>,
): Promise<void> {
  const template = join(cacheFolder, `postgres-${version()}`);
  if (!existsSync(template)) await createTemplate(template, initialize);
  await mkdir(dirname(folder), { recursive: true });
  await cp(template, folder, { recursive: true });
}

/** Atomic: several stacks may start at the same time, and an existing folder is complete. */
async function createTemplate(
  template: string,
  initialize: (folder: string) => Promise<void>,
): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  const partial = await mkdtemp(`${template}-`);
  try {
    await initialize(join(partial, "data"));
    await rename(join(partial, "data"), template);
  } catch (error) {
    // Another stack was faster.
    if (!existsSync(template)) throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

function version(): string {
  const require = createRequire(import.meta.url);
  const { version } = require(join(dirname(require.resolve("@electric-sql/pglite")), "../package.json"));
  return String(version);
}
