import type { Log } from "../../log.ts";
import { generationHistory, type PastGeneration } from "./generation-history.ts";
import type { Generations } from "./generations.ts";
import type { Head } from "./head.ts";

export interface GarbageRules {
  /** Newest published generations that stay whatever their age. */
  readonly kept: number;
  /** A superseded generation stays at least this long, for those still copying it. */
  readonly maxReaderMs: number;
}

export interface Collected {
  /** Names of the folders and segments that are gone. */
  readonly removed: readonly string[];
  /** The published generations that stay, newest first. */
  readonly kept: readonly PastGeneration[];
}

/**
 * Removes what no reader needs: published generations beyond the newest `kept` that were superseded longer ago than
 * the longest reader, and folders and segments that no head ever named, but only if a holder before this one wrote them
 * that is none any more. `head` and `holders` (tokens of the leases that are held) are of one read: what the other writer
 * has written meanwhile is named by the head, or carries the token of a holder, or a higher one than `token`.
 * The database and the segments that a kept generation names stay, whichever generation wrote them.
 * Call it under a lease.
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
    log.warn("A kept generation cannot be read, so nothing is known to be garbage", {
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

  // Oldest first: the newer ones lead to the older ones, so what a crash leaves is still known as published.
  const leaving = expired.map(({ name }) => name).filter((name) => !databases.has(name));
  const folders = [...abandoned.map(({ name }) => name), ...leaving];
  for (const name of folders) await generations.remove(name);
  for (const segment of segments) await generations.segments.remove(segment);
  const removed = [...folders, ...segments.map(({ file }) => file)];
  if (removed.length > 0) log.info("Generations removed", { removed_generations: removed });
  return { removed, kept };
}

/** Oldest first. Each was superseded before the one after it. */
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
