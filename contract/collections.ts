/** The vector collections of a stack. A message, a run and a lease always belong to one of them. */
export const collections = ["lines", "words"] as const;

/** A Chroma collection; it may be split into shards. */
export type Collection = (typeof collections)[number];

/**
 * A partition of a collection with its own queue, lease, head and generations, all under this name. An unsharded
 * collection is its only shard. The name includes the number of shards, so that shards of different numbers, which hold
 * different documents, are never confused.
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

/** How many shards the collection of a shard has. */
export function shardCountOf(shard: ShardName): number {
  return Number(/of(\d+)$/.exec(shard)?.[1] ?? 1);
}

/** The collection of a shard. Throws a RangeError for any other text. */
export function collectionOf(shard: ShardName): Collection {
  const found = collections.find((collection) => shard === collection || shard.startsWith(`${collection}-`));
  if (found === undefined) throw new RangeError(`${shard} is not a shard of a collection.`);
  return found;
}

/**
 * Receives of a change message, after which SQS moves it to its dead-letter queue: a backstop, and SQS's maximum. Compaction
 * counts the failures of a message itself. Contention, throttling and waiting for room above the base must not move it there:
 * a day of each causes fewer receives.
 */
export const maxChangeReceives = 1_000;
