import { hash } from "node:crypto";
import {
  type Collection,
  collectionOf,
  type ShardName,
  shardCountOf,
  shardName,
} from "../../contract/collections.ts";

/** The shard of the documents with this shard key. */
export function shardOf(collection: Collection, shardKey: string, count: number): ShardName {
  return shardName(collection, positionOf(shardKey, count), count);
}

/** The entry for the shard of a shard key, from a list in shard order. */
export function ofShardKey<T>(inShardOrder: readonly T[], shardKey: string): T {
  const found = inShardOrder.at(positionOf(shardKey, inShardOrder.length));
  if (found === undefined) throw new RangeError("A collection has at least one shard.");
  return found;
}

/** Whether the documents with this shard key belong to this shard. */
export function holdsShardKey(shard: ShardName, shardKey: string): boolean {
  return shardOf(collectionOf(shard), shardKey, shardCountOf(shard)) === shard;
}

function positionOf(shardKey: string, count: number): number {
  return hash("sha256", shardKey, "buffer").readUInt32BE() % count;
}
