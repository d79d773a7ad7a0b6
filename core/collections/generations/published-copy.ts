import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { ShardName } from "../../receipts/shards.ts";
import { monotonicClock } from "../../resilience/clock.ts";
import { ChromaServer } from "../chroma/chroma-server.ts";
import { Generations } from "./generations.ts";
import type { Manifest } from "./manifest.ts";

export interface PublishedFiles {
  /** Folder of all collections, where the stack's file system is mounted. Only read. */
  readonly collectionsPath: string;
  /** File of the native Chroma library. */
  readonly library: string;
  /** A local folder for private copies; removed when it is done. */
  readonly scratch: string;
}

/**
 * Reads a published generation from its own files, through a server on a copy that is gone afterwards.
 * Throws GenerationCorruptError where the copy is not what the manifest says.
 */
export async function withPublishedCopy<Result>(
  { collectionsPath, library, scratch }: PublishedFiles,
  shard: ShardName,
  generation: string,
  read: (server: ChromaServer, manifest: Manifest) => Promise<Result>,
): Promise<Result> {
  const copy = join(scratch, shard);
  // A process that was killed leaves its copy behind, and with it what SQLite would take for changes of this one.
  await rm(copy, { recursive: true, force: true });
  await mkdir(copy, { recursive: true });
  try {
    const manifest = await new Generations(collectionsPath, shard, monotonicClock).copyTo(copy, generation);
    const server = await ChromaServer.start({ library, path: copy });
    try {
      return await read(server, manifest);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
