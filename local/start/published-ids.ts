import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ChromaClient } from "chromadb";
import { ChromaServer } from "../../core/collections/chroma-server.ts";
import { monotonicClock } from "../../core/collections/clock.ts";
import { Generations } from "../../core/collections/generations.ts";
import type { Collection } from "../../core/receipts/receipt.ts";

const idsARequest = 10_000;

export interface PublishedFiles {
  /** Folder of all collections, where the stack's file system is mounted. */
  readonly collectionsPath: string;
  /** File of the native Chroma library. */
  readonly library: string;
  /** A folder for private copies; removed when it is done. */
  readonly scratch: string;
}

/** Every id of a published generation, read from its own files; one that stood there twice is listed twice. */
export async function publishedIds(
  { collectionsPath, library, scratch }: PublishedFiles,
  collection: Collection,
  generation: string,
): Promise<string[]> {
  const copy = join(scratch, collection);
  await mkdir(copy, { recursive: true });
  try {
    await new Generations(collectionsPath, collection, monotonicClock).copyTo(copy, generation);
    const server = await ChromaServer.start({ library, path: copy });
    try {
      return await allIds(server, collection);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function allIds({ host, port }: ChromaServer, name: Collection): Promise<string[]> {
  const client = new ChromaClient({ host, port, ssl: false });
  const collection = await client.getCollection({ name });
  const all: string[] = [];
  for (;;) {
    const { ids } = await collection.get({ limit: idsARequest, offset: all.length, include: [] });
    if (ids.length === 0) return all;
    all.push(...ids);
  }
}
