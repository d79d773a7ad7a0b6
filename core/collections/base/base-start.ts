import type { DocumentRef } from "../../documents/documents.ts";
import { errorFields, type Log } from "../../log.ts";
import type { Metrics } from "../../metrics.ts";
import type { VectorStore } from "../chroma/vector-store.ts";
import { GenerationCorruptError, type GenerationReader } from "../generations/generation-reader.ts";
import { type Head, isJustPublished } from "../generations/head.ts";
import { documentsOf } from "../generations/manifest.ts";
import type { BaseIndex } from "../segments/base-index.ts";
import type { Overlay } from "../segments/overlay.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { openUnlessAborted } from "./open-unless-aborted.ts";

/** The state from which a cycle writes the next base. */
export interface BaseStart {
  readonly store: VectorStore;
  /** The generation to start from; undefined starts an empty base. */
  readonly name: string | undefined;
  /** The generation whose database the store is a copy of; undefined for an empty one. */
  readonly database: string | undefined;
  /** The entries of the segments above that database. */
  readonly overlay: Overlay;
  /** The index of the database; undefined if it cannot be read. */
  readonly index: BaseIndex | undefined;
  /** Documents that must be rebuilt, because their newest state was in corrupt generations. */
  readonly lost: readonly DocumentRef[];
  /**
   * The store is a warm process's copy of a head whose files are gone, so it must be published even if nothing changed.
   */
  readonly isOnlyCopy: boolean;
}

export interface BaseStartDeps {
  readonly generations: GenerationReader;
  readonly workspace: Workspace;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the head, or the newest sound predecessor if the head does not match its manifest. Resolves to undefined if
 * there is none, or if a corrupt generation has no readable list of its documents: then only the deltas say what the
 * shard must contain.
 */
export async function openBaseStart(
  { generations, workspace, log, metrics, signal }: BaseStartDeps,
  head: Head | undefined,
): Promise<BaseStart | undefined> {
  const lost: DocumentRef[] = [];
  /** Several generations can share a database; each corrupt one is read only once. */
  const corrupt = new Set<string>();
  let name = head?.name;
  let base = head?.base ?? null;
  for (;;) {
    try {
      return { ...(await open({ generations, workspace, signal }, corrupt, head, name)), lost };
    } catch (error) {
      if (!(error instanceof GenerationCorruptError) || name === undefined) throw error;
      metrics.count("ManifestMismatches", 1);
      const corrupt = await generations.manifestIfReadable(name);
      // Older generations are visible on every NFS client, so there is no need to wait for them.
      const older = base === null ? undefined : await generations.manifestIfReadable(base);
      const goesOn = corrupt !== undefined && older !== undefined;
      log.error(
        goesOn
          ? "A generation is corrupt; the cycle starts from its base"
          : "A generation is corrupt; the shard is rebuilt",
        {
          generation_name: name,
          ...(goesOn && { base }),
          ...errorFields(error),
        },
      );
      if (!goesOn) return undefined;
      lost.push(...documentsOf(corrupt));
      name = base ?? undefined;
      base = older.base;
    }
  }
}

/**
 * Waits for files only if the head was just published and NFS may not show them yet. Waiting for older ones would let a
 * lost file system use up the time of every cycle.
 */
async function open(
  { workspace, generations, signal }: Pick<BaseStartDeps, "workspace" | "generations" | "signal">,
  corrupt: Set<string>,
  head: Head | undefined,
  name: string | undefined,
): Promise<Omit<BaseStart, "lost">> {
  const nothing = { overlay: new Map(), index: new Map(), isOnlyCopy: false };
  if (name === undefined) {
    return {
      ...nothing,
      store: await openUnlessAborted(workspace, undefined, signal),
      name,
      database: undefined,
    };
  }
  const isNew = head?.name === name && isJustPublished(head);
  const isWhole = await generations.isWhole(name);
  if (!isWhole && workspace.isCopyOf(name)) {
    const store = await openUnlessAborted(workspace, name, signal);
    return { ...nothing, store, name, database: name, index: undefined, isOnlyCopy: true };
  }
  if (!isNew && !isWhole) {
    throw new GenerationCorruptError(generations.pathOf(name), "its manifest or its files are not there");
  }
  const manifest = await generations.manifest(name);
  const database = manifest.database ?? undefined;
  if (database !== undefined && corrupt.has(database)) {
    throw new GenerationCorruptError(generations.pathOf(name), `the database of ${database} is corrupt`);
  }
  const overlay = await generations.overlayOf(manifest);
  const index = await generations.indexOf(manifest).catch((error: unknown) => {
    if (error instanceof GenerationCorruptError) return undefined;
    throw error;
  });
  try {
    const store = await openUnlessAborted(workspace, database, signal);
    return { store, name, database, overlay, index, isOnlyCopy: false };
  } catch (error) {
    if (error instanceof GenerationCorruptError && database !== undefined) corrupt.add(database);
    throw error;
  }
}
