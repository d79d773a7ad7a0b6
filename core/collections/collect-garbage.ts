import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../log.ts";
import type { GenerationFolder, Generations } from "./generations.ts";

/** Written beside a superseded generation's manifest; its time is when this was first seen. */
const supersededFile = "superseded";

export interface GarbageRules {
  /** Newest published generations that stay whatever their age. */
  readonly kept: number;
  /** A superseded generation stays at least this long, for those still copying it. */
  readonly longestReaderMs: number;
}

/**
 * Removes what no reader needs: published generations beyond the newest `kept` that were superseded longer ago than
 * the longest reader, and folders that no head ever named, but only if a holder before this one wrote them.
 * Call it under the lease.
 * Resolves to the names of the removed folders.
 */
export async function collectGarbage(
  generations: Generations,
  head: string,
  token: number,
  rules: GarbageRules,
  log: Log,
): Promise<string[]> {
  const folders = await generations.list();
  const byName = new Map(folders.map((folder) => [folder.name, folder]));
  const published = await history(generations, head, byName);
  for (const { name } of published.slice(1)) await markSuperseded(generations, name);

  const expired: GenerationFolder[] = [];
  for (const folder of published.slice(rules.kept)) {
    const age = await generations.ageOf(folder.name, supersededFile);
    if (age > rules.longestReaderMs) expired.push(folder);
  }
  const abandoned = folders.filter((folder) => !published.includes(folder) && folder.token < token);

  // Oldest first: the newer ones lead to the older ones, so what a crash leaves is still known as published.
  const removed = [...abandoned, ...expired.reverse()];
  for (const folder of removed) await generations.remove(folder);
  const names = removed.map(({ name }) => name);
  if (names.length > 0) log.info("Generations removed", { removed: names });
  return names;
}

/** The published generations that are still there, from the head back along their bases. */
async function history(
  generations: Generations,
  head: string,
  present: ReadonlyMap<string, GenerationFolder>,
): Promise<GenerationFolder[]> {
  const found: GenerationFolder[] = [];
  let folder = present.get(head);
  while (folder) {
    found.push(folder);
    const { base } = await generations.manifest(folder.name);
    folder = base === null ? undefined : present.get(base);
  }
  return found;
}

async function markSuperseded(generations: Generations, name: string): Promise<void> {
  await writeFile(join(generations.pathOf(name), supersededFile), "", { flag: "wx" }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    },
  );
}
