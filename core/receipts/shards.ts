import { hash } from "node:crypto";
import { type Collection, collections } from "./receipt.ts";

/**
 * A partition of a collection with its own queue, lease, head and generations, all under this name. An unsharded
 * collection is its only shard. The name includes the number of shards, so that shards of different numbers, which hold
 * different images, are never confused.
 */
export type ShardName = Collection | `${Collection}-${number}of${number}`;

/** The shards of a collection, in shard order. */
export function shardNames(collection: Collection, count: number): ShardName[] {
  return Array.from({ length: count }, (_, position) => shardName(collection, position, count));
}

/** The shard at a position in shard order, from 0. */
export function shardName(collection: Collection, position: number, count: number): ShardName {
  return count === 1 ? collection : `${collection}-${position + 1}of${count}`;
}

/** The shard of an image. */
export function shardOf(collection: Collection, imageId: string, count: number): ShardName {
  return shardName(collection, positionOf(imageId, count), count);
}

/** The entry for the shard of an image, from a list in shard order. */
export function ofImage<T>(inShardOrder: readonly T[], imageId: string): T {
  const found = inShardOrder.at(positionOf(imageId, inShardOrder.length));
  if (found === undefined) throw new RangeError("A collection has at least one shard.");
  return found;
}

/** Whether an image belongs to this shard. */
export function holdsImage(shard: ShardName, imageId: string): boolean {
  const count = Number(/of(\d+)$/.exec(shard)?.[1] ?? 1);
  return shardOf(collectionOf(shard), imageId, count) === shard;
}

export function collectionOf(shard: ShardName): Collection {
  const found = collections.find((collection) => shard === collection || shard.startsWith(`${collection}-`));
  if (found === undefined) throw new RangeError(`${shard} is not a shard of a collection.`);
  return found;
}

function positionOf(imageId: string, count: number): number {
  return hash("sha256", imageId, "buffer").readUInt32BE() % count;
}
