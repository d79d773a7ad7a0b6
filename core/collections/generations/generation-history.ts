import { parseGenerationName } from "./generation-name.ts";
import { GenerationCorruptError, type GenerationReader } from "./generation-reader.ts";
import { type Head, isJustPublished } from "./head.ts";
import type { Manifest } from "./manifest.ts";

/** A generation that was published and still exists. */
export interface PastGeneration {
  readonly generation: number;
  readonly name: string;
  /** Undefined if it cannot be read; the content and changes of the generation are then unknown. */
  readonly manifest: Manifest | undefined;
}

/**
 * The published generations that still exist, newest first, following the chain of bases from the head. Each one is
 * looked up by name, because a directory listing may be older than the newest of them. Only if an unreadable manifest
 * breaks the chain, it continues with the newest earlier generation in the listing.
 */
export async function generationHistory(
  generations: GenerationReader,
  head: Pick<Head, "name" | "publishedAt">,
): Promise<PastGeneration[]> {
  const history: PastGeneration[] = [];
  for (let name: string | null = head.name; name !== null; ) {
    const isHead: boolean = name === head.name;
    const manifest: Manifest | undefined =
      isHead && isJustPublished(head)
        ? await awaitedManifest(generations, name)
        : await olderManifest(generations, name);
    const folders: string[] = manifest ? [] : await listed(generations);
    if (manifest === undefined && !isHead && !folders.includes(name)) break;
    history.push({ generation: numberOf(name), name, manifest });
    name = manifest ? manifest.base : newestBefore(folders, name);
  }
  return history;
}

async function listed(generations: GenerationReader): Promise<string[]> {
  return (await generations.list())
    .map(({ name }) => name)
    .filter((name) => parseGenerationName(name) !== undefined);
}

/** Waits, because a folder that was just renamed may not be visible yet. */
async function awaitedManifest(generations: GenerationReader, name: string): Promise<Manifest | undefined> {
  return generations.manifest(name).catch((error: unknown) => {
    if (error instanceof GenerationCorruptError) return undefined;
    throw error;
  });
}

async function olderManifest(generations: GenerationReader, name: string): Promise<Manifest | undefined> {
  return generations.manifestIfThere(name).catch((error: NodeJS.ErrnoException) => {
    if (error.code === undefined) return undefined;
    throw error;
  });
}

/**
 * Of two folders with the same number, the one with the higher token was published: the holder of the lower token had
 * lost its lease.
 */
function newestBefore(folders: readonly string[], name: string): string | null {
  const older = folders.filter((folder) => numberOf(folder) < numberOf(name));
  older.sort((a, b) => numberOf(b) - numberOf(a) || tokenOf(b) - tokenOf(a));
  return older[0] ?? null;
}

function numberOf(name: string): number {
  return parseGenerationName(name)?.number ?? Number.NaN;
}

function tokenOf(name: string): number {
  return parseGenerationName(name)?.token ?? Number.NaN;
}
