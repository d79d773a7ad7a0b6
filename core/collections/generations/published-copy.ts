import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { collectionOf, type ShardName } from "../../../contract/collections.ts";
import type { DeltaStore } from "../../deltas/delta-store.ts";
import { monotonicClock } from "../../resilience/clock.ts";
import { ChromaServer } from "../chroma/chroma-server.ts";
import { ChromaVectorStore } from "../chroma/chroma-vector-store.ts";
import { PublishedVectors } from "../segments/published-vectors.ts";
import { GenerationCorruptError } from "./generation-reader.ts";
import { Generations } from "./generations.ts";
import type { Manifest } from "./manifest.ts";

export interface PublishedFiles {
  /** Folder of all collections, where the stack's file system is mounted. Only read. */
  readonly collectionsPath: string;
  /** File of the native Chroma library. */
  readonly library: string;
  /** A local folder for private copies; removed when it is done. */
  readonly scratch: string;
  /** Where the deltas are that segments name. */
  readonly deltas: Pick<DeltaStore, "get">;
}

/**
 * Reads a published generation from its own files, through a server on a copy of its database that is gone afterwards.
 * Throws GenerationCorruptError where they are not what the manifests say.
 */
export async function withPublishedCopy<Result>(
  { collectionsPath, library, scratch, deltas }: PublishedFiles,
  shard: ShardName,
  generation: string,
  read: (published: PublishedVectors, manifest: Manifest) => Promise<Result>,
): Promise<Result> {
  const copy = join(scratch, shard);
  // A process that was killed leaves its copy behind, and with it what SQLite would take for changes of this one.
  await rm(copy, { recursive: true, force: true });
  await mkdir(copy, { recursive: true });
  try {
    const generations = new Generations(collectionsPath, shard, monotonicClock);
    const manifest = await generations.copyTo(copy, generation);
    const overlay = await generations.overlayOf(manifest);
    const server = await ChromaServer.start({ library, path: copy });
    try {
      const collection = collectionOf(shard);
      const base = await ChromaVectorStore.open(server, collection);
      const count = await base.count();
      if (count !== manifest.database_count) {
        const what = `its database holds ${count} vectors, not ${manifest.database_count}`;
        throw new GenerationCorruptError(generations.pathOf(generation), what);
      }
      const { model, dimensions } = manifest;
      const target = { collection, model, dimensions };
      return await read(new PublishedVectors({ base, overlay, deltas, target }), manifest);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
