import { ChromaClient } from "chromadb";
import type { ChromaServer } from "../../core/collections/chroma/chroma-server.ts";
import { type PublishedFiles, withPublishedCopy } from "../../core/collections/generations/published-copy.ts";
import type { Collection } from "../../core/receipts/receipt.ts";
import { collectionOf, type ShardName } from "../../core/receipts/shards.ts";

const idsPerRequest = 10_000;

/** Every id of a published generation, read from its own files; one that stood there twice is listed twice. */
export function publishedIds(files: PublishedFiles, shard: ShardName, generation: string): Promise<string[]> {
  return withPublishedCopy(files, shard, generation, (server) => allIds(server, collectionOf(shard)));
}

async function allIds({ host, port }: ChromaServer, name: Collection): Promise<string[]> {
  const client = new ChromaClient({ host, port, ssl: false });
  const collection = await client.getCollection({ name });
  const all: string[] = [];
  for (;;) {
    const { ids } = await collection.get({ limit: idsPerRequest, offset: all.length, include: [] });
    if (ids.length === 0) return all;
    all.push(...ids);
  }
}
