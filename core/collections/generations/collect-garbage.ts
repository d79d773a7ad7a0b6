import type { Log } from "../../log.ts";
import { generationHistory, type PastGeneration } from "./generation-history.ts";
import type { Generations } from "./generations.ts";
import type { Head } from "./head.ts";

export interface GarbageRules {
  /** Number of newest published generations that are kept regardless of age. */
  readonly kept: number;
  /** Minimum time for which a superseded generation is kept, for readers that are still copying it. */
  readonly maxReaderMs: number;
}

export interface Collected {
  /** Names of the removed folders and segments. */
  readonly removed: readonly string[];
  /** The published generations that remain, newest first. */
  readonly kept: readonly PastGeneration[];
}

/**
 * Removes published generations beyond the newest `kept` that were superseded longer ago than the longest read, and
 * folders and segments that no head ever named. The latter are removed only if their writer's token is lower than
 * `token` and is not held any more. `head` and `holders` (tokens of the held leases) must come from one read: whatever
 * the other writer has written since then is named by the head, or carries a token of a holder or one above `token`.
 * The database and segments that a kept generation names are kept, whichever generation wrote them. Call it under a
 * lease.
 */
export async function collectGarbage(
  generations: Generations,
  head: Pick<Head, "name" | "publishedAt">,
  token: number,
  rules: GarbageRules,
  log: Log,
  holders: readonly number[] = [],
): Promise<Collected> {
  const isOver = (writer: { readonly token: number }) =>
    writer.token < token && !holders.includes(writer.token);
  const history = await generationHistory(generations, head);
  for (const { name } of history.slice(1)) await generations.markSuperseded(name);
  const expired = await expiredOf(generations, history.slice(rules.kept), rules.maxReaderMs);
  const kept = history.slice(0, history.length - expired.length);
  if (kept.some(({ manifest }) => manifest === undefined)) {
    log.warn("A kept generation cannot be read, so no garbage is collected", {
      generation_name: head.name,
    });
    return { removed: [], kept };
  }
  const databases = new Set(kept.map(({ manifest }) => manifest?.database));
  const published = new Set(history.map(({ name }) => name));
  const abandoned = (await generations.list()).filter(
    (folder) => isOver(folder) && !published.has(folder.name) && !databases.has(folder.name),
  );
  const segments = (await unnamedSegments(generations, kept)).filter(isOver);

  // Oldest first: newer generations lead to older ones, so after a crash the remaining ones are still known to be
  // published.
  const leaving = expired.map(({ name }) => name).filter((name) => !databases.has(name));
  const folders = [...abandoned.map(({ name }) => name), ...leaving];
  for (const name of folders) await generations.remove(name);
  for (const segment of segments) await generations.segments.remove(segment);
  const removed = [...folders, ...segments.map(({ file }) => file)];
  if (removed.length > 0) log.info("Generations removed", { removed_generations: removed });
  return { removed, kept };
}

/** The expired candidates, oldest first. Each was superseded before the one after it. */
async function expiredOf(
  generations: Generations,
  candidates: readonly PastGeneration[],
  maxReaderMs: number,
): Promise<PastGeneration[]> {
  const expired: PastGeneration[] = [];
  for (const past of candidates.toReversed()) {
    const age = await generations.supersededFor(past.name);
    if (age === undefined || age <= maxReaderMs) break;
    expired.push(past);
  }
  return expired;
}

async function unnamedSegments(generations: Generations, kept: readonly PastGeneration[]) {
  const named = new Set(kept.flatMap(({ manifest }) => manifest?.segments ?? []).map(({ name }) => name));
  const files = await generations.segments.list();
  return files.filter((file) => file.name === undefined || !named.has(file.name));
}
