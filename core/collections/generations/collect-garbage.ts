import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../log.ts";
import { generationHistory } from "./generation-history.ts";
import type { Generations } from "./generations.ts";

/** Written beside a superseded generation's manifest; its time is when this was first seen. */
const supersededFile = "superseded";

export interface GarbageRules {
  /** Newest published generations that stay whatever their age. */
  readonly kept: number;
  /** A superseded generation stays at least this long, for those still copying it. */
  readonly maxReaderMs: number;
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
  const published = (await generationHistory(generations, head)).map(({ name }) => name);
  for (const name of published.slice(1)) await markSuperseded(generations, name);

  const expired: string[] = [];
  for (const name of published.slice(rules.kept)) {
    const age = await generations.ageOf(name, supersededFile);
    if (age !== undefined && age > rules.maxReaderMs) expired.push(name);
  }
  const folders = await generations.list();
  const abandoned = folders.filter((folder) => folder.token < token && !published.includes(folder.name));

  // Oldest first: the newer ones lead to the older ones, so what a crash leaves is still known as published.
  const removed = [...abandoned.map(({ name }) => name), ...expired.reverse()];
  for (const name of removed) await generations.remove(name);
  if (removed.length > 0) log.info("Generations removed", { removed_generations: removed });
  return removed;
}

async function markSuperseded(generations: Generations, name: string): Promise<void> {
  await writeFile(join(generations.pathOf(name), supersededFile), "", { flag: "wx" }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    },
  );
}
