import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ChromaServer } from "../../core/collections/chroma-server.ts";
import { monotonicClock } from "../../core/collections/clock.ts";
import { Generations } from "../../core/collections/generations.ts";
import type { ShardName } from "../../core/receipts/shards.ts";

export interface PublishedFiles {
  /** Folder of all collections, where the stack's file system is mounted. */
  readonly collectionsPath: string;
  /** File of the native Chroma library. */
  readonly library: string;
  /** A folder for private copies; removed when it is done. */
  readonly scratch: string;
}

/** Reads a published generation from its own files, through a server on a copy that is gone afterwards. */
export async function withPublishedCopy<Result>(
  { collectionsPath, library, scratch }: PublishedFiles,
  shard: ShardName,
  generation: string,
  read: (server: ChromaServer) => Promise<Result>,
): Promise<Result> {
  const copy = join(scratch, shard);
  await mkdir(copy, { recursive: true });
  try {
    await new Generations(collectionsPath, shard, monotonicClock).copyTo(copy, generation);
    const server = await ChromaServer.start({ library, path: copy });
    try {
      return await read(server);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}
