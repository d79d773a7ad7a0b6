import { mkdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";
import type { Collection, ShardName } from "../../contract/collections.ts";
import { withOverlay } from "../collections/base/overlay-work.ts";
import type { StoredVector, VectorRows, VectorStore } from "../collections/chroma/vector-store.ts";
import { GenerationCorruptError } from "../collections/generations/generation-reader.ts";
import { Generations } from "../collections/generations/generations.ts";
import { type Head, readHead } from "../collections/generations/head.ts";
import { describeFiles, type Manifest, type ManifestFile } from "../collections/generations/manifest.ts";
import { SliceBuilder } from "../collections/merge/delta-batches.ts";
import { mergeDocuments } from "../collections/merge/merge-documents.ts";
import type { Overlay } from "../collections/segments/overlay.ts";
import { Workspace } from "../collections/workspace/workspace.ts";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { errorFields, type Log } from "../log.ts";
import type { Clock } from "../resilience/clock.ts";
import { withHeadGeneration } from "../verify/published.ts";
import { requireRoom } from "./room.ts";
import { SnapshotIncompleteError } from "./snapshot-errors.ts";
import type { Generations as GenerationNames } from "./snapshot-manifest.ts";

export interface MaterialiseDeps {
  readonly collection: Collection;
  readonly shards: readonly ShardName[];
  readonly target: { readonly model: string; readonly dimensions: number };
  readonly control: { readonly client: DynamoDBDocumentClient; readonly controlTable: string };
  /** The folder of all collections on the stack's file system; read-only. */
  readonly collectionsPath: string;
  /** File of the native Chroma library. */
  readonly library: string;
  /** A local folder of this process; its content is removed. */
  readonly scratch: string;
  readonly deltas: DeltaStore;
  readonly memoryMiB: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Starts a step. Throws SnapshotOverdueError after the deadline. */
  readonly begin: (step: string) => void;
  /** Checks the deadline within a step. */
  readonly inTime: (step: string) => void;
  /** The time of the clock by which the work must have finished. */
  readonly deadline: number;
}

/** A whole collection as one closed Chroma database on local disk. */
export interface Materialised {
  readonly folder: string;
  readonly files: readonly ManifestFile[];
  readonly vectors: number;
  readonly generations: GenerationNames;
}

/** The published content of a shard. */
interface Part {
  readonly shard: ShardName;
  readonly head: Head;
  readonly files: Generations;
  readonly manifest: Manifest;
}

/** Returns the heads of all shards; undefined if nothing is published. */
export async function headsOf(
  deps: Pick<MaterialiseDeps, "shards" | "control">,
): Promise<Map<ShardName, Head | undefined>> {
  const { client, controlTable } = deps.control;
  const heads = deps.shards.map(
    async (shard) => [shard, await readHead(client, controlTable, shard)] as const,
  );
  return new Map(await Promise.all(heads));
}

/**
 * Builds one database from the published content of all shards, and removes it after `use`. Copies the largest shard
 * and inserts the others into the copy. If garbage collection removes a generation meanwhile, uses the newer head.
 * Throws SnapshotTooLargeError, SnapshotIncompleteError, GenerationCorruptError and CollectionOfOtherModelError.
 */
export async function withMaterialised<T>(
  deps: MaterialiseDeps,
  use: (made: Materialised) => Promise<T>,
): Promise<T> {
  for (;;) {
    deps.begin("read the heads");
    await rm(deps.scratch, { recursive: true, force: true });
    await mkdir(deps.scratch, { recursive: true });
    const heads = await headsOf(deps);
    try {
      const made = await materialise(deps, heads);
      return await use(made);
    } catch (error) {
      const isOfGeneration =
        error instanceof GenerationCorruptError || error instanceof SnapshotIncompleteError;
      if (!isOfGeneration || !(await haveMoved(deps, heads))) throw error;
      deps.log.warn("A generation is gone or incomplete; the snapshot is made of the newer head", {
        collection: deps.collection,
        ...errorFields(error),
      });
    } finally {
      await rm(deps.scratch, { recursive: true, force: true });
    }
  }
}

async function haveMoved(
  deps: MaterialiseDeps,
  heads: ReadonlyMap<ShardName, Head | undefined>,
): Promise<boolean> {
  const now = await headsOf(deps);
  return [...now].some(([shard, head]) => head?.name !== heads.get(shard)?.name);
}

async function materialise(
  deps: MaterialiseDeps,
  heads: ReadonlyMap<ShardName, Head | undefined>,
): Promise<Materialised> {
  const { collection, target, library, scratch, clock } = deps;
  const parts: Part[] = [];
  for (const [shard, head] of heads) {
    if (head === undefined) continue;
    const files = new Generations(deps.collectionsPath, shard, clock);
    parts.push({ shard, head, files, manifest: await files.manifest(head.name) });
  }
  parts.sort((a, b) => b.manifest.count - a.manifest.count);
  const [first, ...others] = parts;
  if (first === undefined) throw new SnapshotIncompleteError(collection, "nothing is published");
  const databases = await Promise.all(parts.map(({ files, manifest }) => files.databaseOf(manifest)));
  const { bavail, bsize } = await statfs(scratch);
  requireRoom(collection, {
    ...target,
    shards: parts.map(({ manifest }, position) => ({
      bytes: (databases[position]?.files ?? []).reduce((sum, { size }) => sum + size, 0),
      vectors: manifest.count,
      above: manifest.count - manifest.database_count,
    })),
    freeBytes: bavail * bsize,
    memoryMiB: deps.memoryMiB,
  });
  const { shard, files: generations, manifest } = first;
  const workspace = new Workspace({ shard, generations, ...target, library, scratch });
  const names = new Map<string, string | null>(
    [...heads].map(([one, head]) => [one, head?.name ?? null] as const),
  );
  try {
    deps.begin("copy the database");
    const store = await workspace.open(manifest.database ?? undefined);
    deps.begin("apply the segments");
    await applyOverlay(deps, shard, store, await generations.overlayOf(manifest));
    let vectors = manifest.count;
    await requireCount(collection, store, vectors);
    for (const other of others) {
      deps.begin(`insert ${other.shard}`);
      const inserted = await insertShard(deps, store, other.shard);
      names.set(other.shard, inserted.name);
      vectors += inserted.vectors;
      await requireCount(collection, store, vectors);
    }
    await workspace.close();
    deps.begin("read the files");
    const files = await describeFiles(workspace.folder);
    return { folder: workspace.folder, files, vectors, generations: Object.fromEntries(names) };
  } finally {
    await workspace.close();
  }
}

async function requireCount(collection: Collection, store: VectorStore, vectors: number): Promise<void> {
  const count = await store.count();
  if (count === vectors) return;
  throw new SnapshotIncompleteError(
    collection,
    `the database holds ${count} vectors, and ${vectors} are published`,
  );
}

/** Applies the whole overlay to the base, like a fold that leaves no overlay. */
async function applyOverlay(
  deps: MaterialiseDeps,
  shard: ShardName,
  store: VectorStore,
  overlay: Overlay,
): Promise<void> {
  const { collection, target, deltas, clock, log, deadline } = deps;
  const entries = [...overlay];
  const gone = entries.flatMap(([, entry]) => (entry.gone ? [entry.document] : []));
  await store.delete(await store.idsOf(gone));
  const work = withOverlay(new Map(entries.filter(([, entry]) => !entry.gone)), [], {
    factsOf: () => Promise.reject(new Error("A segment has the facts of each of its documents.")),
  });
  const merge = { shard, target: { collection, ...target }, deltas, items: work.facts, clock, log };
  const merged = await mergeDocuments(merge, store, work.items, deadline, () => undefined);
  deps.inTime("apply the segments");
  if (merged.settled.size === work.items.length) return;
  const [why = "a delta could not be read"] = merged.mismatched.values();
  const missing = work.items.length - merged.settled.size;
  throw new SnapshotIncompleteError(
    collection,
    `${missing} of ${work.items.length} changes are missing (${why})`,
  );
}

/** Inserts the published content of a shard, from a private copy that is removed afterwards. */
function insertShard(
  deps: MaterialiseDeps,
  into: VectorStore,
  shard: ShardName,
): Promise<{ readonly name: string | null; readonly vectors: number }> {
  const { collection, target, control, collectionsPath, library, scratch, deltas } = deps;
  const files = { collectionsPath, library, scratch: join(scratch, "others"), deltas };
  return withHeadGeneration({ shard, control, files, target }, async (open) => {
    if (open === undefined) return { name: null, vectors: 0 };
    const slices = new SliceBuilder<VectorRows>();
    for await (const page of open.store.vectorPages()) {
      deps.inTime(`insert ${shard}`);
      for (const slice of slices.add(rowsOf(page, target.dimensions))) await into.upsert(slice);
    }
    for (const slice of slices.rest()) await into.upsert(slice);
    const [unreadable] = open.store.unreadable.values();
    if (unreadable !== undefined) throw new SnapshotIncompleteError(collection, unreadable);
    return { name: open.head.name, vectors: open.count };
  });
}

function rowsOf(page: readonly StoredVector[], dimensions: number): VectorRows {
  return {
    dimensions,
    ids: page.map(({ id }) => id),
    documents: page.map(({ document }) => document),
    metadatas: page.map(({ metadata }) => metadata),
    vectors: Buffer.concat(
      page.map(({ vector }) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)),
    ),
  };
}
