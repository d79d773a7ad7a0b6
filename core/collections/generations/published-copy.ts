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
  /** Folder of all collections on the mounted file system. Only read. */
  readonly collectionsPath: string;
  /** Path of the native Chroma library. */
  readonly library: string;
  /** A local folder for private copies, which are removed afterwards. */
  readonly scratch: string;
  /** The store of the deltas that segments refer to. */
  readonly deltas: Pick<DeltaStore, "get">;
}

/**
 * Lets `read` query a published generation, through a Chroma server on a temporary copy of its database. Throws
 * GenerationCorruptError if the files do not match the manifests.
 */
export async function withPublishedCopy<Result>(
  { collectionsPath, library, scratch, deltas }: PublishedFiles,
  shard: ShardName,
  generation: string,
  read: (published: PublishedVectors, manifest: Manifest) => Promise<Result>,
): Promise<Result> {
  const copy = join(scratch, shard);
  // A killed process leaves its copy behind; SQLite would read its journal as changes of this copy.
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
