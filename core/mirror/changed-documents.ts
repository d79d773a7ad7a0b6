import type { GenerationReader } from "../collections/generations/generation-reader.ts";
import type { Manifest } from "../collections/generations/manifest.ts";
import type { BaseIndex } from "../collections/segments/base-index.ts";
import type { PublishedDocument } from "../collections/segments/entry.ts";
import type { Overlay } from "../collections/segments/overlay.ts";

/** What a generation says of each document. */
export interface GenerationView {
  readonly name: string;
  /** The generation whose folder contains the database; null for an empty one. */
  readonly database: string | null;
  readonly overlay: Overlay;
  /** Undefined if the base was written before index files existed. */
  readonly index: BaseIndex | undefined;
}

/** The state of a document in a generation. */
export interface DocumentView {
  /** Null if unknown. */
  readonly digest: string | null;
  readonly deltaKey: string | null;
  readonly runId: string | null;
  /** Undefined if only the base has the document. */
  readonly entry: PublishedDocument | undefined;
}

/** A document whose vectors differ between two generations. */
export interface ChangedDocument {
  readonly key: string;
  /** Undefined if it has no vectors. */
  readonly before: DocumentView | undefined;
  readonly after: PublishedDocument | undefined;
}

/** Throws GenerationCorruptError. */
export async function openView(generations: GenerationReader, name: string): Promise<GenerationView> {
  const manifest = await generations.manifest(name);
  const [overlay, index] = [await generations.overlayOf(manifest), await generations.indexOf(manifest)];
  return { name, database: manifest.database, overlay, index };
}

/** Undefined if the document has no vectors. */
export function viewOf({ overlay, index }: GenerationView, key: string): DocumentView | undefined {
  const entry = overlay.get(key);
  if (entry !== undefined) return entry.gone ? undefined : { ...entry, entry };
  if (index === undefined) return { digest: null, deltaKey: null, runId: null, entry: undefined };
  const indexed = index.get(key);
  return indexed && { ...indexed, entry: undefined };
}

/**
 * The documents in which a generation differs from the one before it. Undefined if that is unknown, or if the files of
 * the newer one do not say what a document has become: a repair and a rebuild write documents into the base alone.
 */
export function changedDocuments(
  before: GenerationView,
  after: GenerationView,
): ChangedDocument[] | undefined {
  const isSameBase = before.database === after.database;
  if (!isSameBase && (before.index === undefined || after.index === undefined)) return undefined;
  const keys = new Set([...before.overlay.keys(), ...after.overlay.keys()]);
  if (!isSameBase)
    for (const { index } of [before, after]) for (const key of index?.keys() ?? []) keys.add(key);
  const changed: ChangedDocument[] = [];
  for (const key of keys) {
    const [was, is] = [viewOf(before, key), viewOf(after, key)];
    if (was === undefined && is === undefined) continue;
    if (was && is && was.digest !== null && was.digest === is.digest) continue;
    if (is !== undefined && is.entry === undefined) return undefined;
    changed.push({ key, before: was, after: is?.entry });
  }
  return changed;
}

/**
 * The names of the generations that were published after `from`, oldest first, up to `head`. Undefined if one of them
 * was collected as garbage, or `from` is not among the predecessors.
 */
export async function publishedSince(
  generations: GenerationReader,
  from: string,
  head: string,
): Promise<string[] | undefined> {
  if ((await generations.manifestIfThere(from)) === undefined) return undefined;
  const names: string[] = [];
  for (let name: string | null = head; name !== from; ) {
    if (name === null) return undefined;
    names.unshift(name);
    const isHead: boolean = name === head;
    // The folder of a new generation may not be visible yet.
    const manifest: Manifest | undefined = isHead
      ? await generations.manifest(name)
      : await generations.manifestIfThere(name);
    if (manifest === undefined) return undefined;
    name = manifest.base;
  }
  return names;
}
