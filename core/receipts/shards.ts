import { hash } from "node:crypto";
import { type Collection, collections } from "./receipt.ts";

/**
 * A part of a collection with a queue, a lease, a head and generations of its own, which all go by this name. A
 * collection that is not split is its own only shard. The name says how many shards there are: those of another
 * number hold other images, and are never taken for these.
 */
export type ShardName = Collection | `${Collection}-${number}of${number}`;

/** The shards of a collection, in shard order. */
export function shardNames(collection: Collection, count: number): ShardName[] {
  return Array.from({ length: count }, (_, position) => shardName(collection, position, count));
}

/** The shard at a position in shard order, which counts from 0. */
export function shardName(collection: Collection, position: number, count: number): ShardName {
  return count === 1 ? collection : `${collection}-${position + 1}of${count}`;
}

/** The shard that receipts of an image are in. */
export function shardOf(collection: Collection, imageId: string, count: number): ShardName {
  return shardName(collection, positionOf(imageId, count), count);
}

/** What belongs to the shard of an image, among things that are listed in shard order. */
export function ofImage<T>(inShardOrder: readonly T[], imageId: string): T {
  const found = inShardOrder.at(positionOf(imageId, inShardOrder.length));
  if (found === undefined) throw new RangeError("A collection has at least one shard.");
  return found;
}

/** Whether receipts of an image are in this shard. */
export function holdsImage(shard: ShardName, imageId: string): boolean {
  const count = Number(/of(\d+)$/.exec(shard)?.[1] ?? 1);
  return shardOf(collectionOf(shard), imageId, count) === shard;
}

export function collectionOf(shard: ShardName): Collection {
  const found = collections.find((collection) => shard === collection || shard.startsWith(`${collection}-`));
  if (found === undefined) throw new RangeError(`${shard} is no shard of a collection.`);
  return found;
}

function positionOf(imageId: string, count: number): number {
  return hash("sha256", imageId, "buffer").readUInt32BE() % count;
}
