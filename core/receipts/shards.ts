import { hash } from "node:crypto";
import { type Collection, collectionOf, type ShardName, shardName } from "../../contract/collections.ts";

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

function positionOf(imageId: string, count: number): number {
  return hash("sha256", imageId, "buffer").readUInt32BE() % count;
}
