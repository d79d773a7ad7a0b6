import type { ShardName } from "./collections.ts";

/** The stores in which published collections can be mirrored. */
export const mirrors = ["none", "s3vectors"] as const;

/** What answers searches: the published generations in memory, or their mirrors. */
export const queryBackends = ["snapshot", "s3vectors"] as const;

/**
 * The vector index of a shard's mirror. It has the dimensions in its name, because an index keeps those that it was
 * created with.
 */
export function mirrorIndexName(shard: ShardName, dimensions: number): string {
  return `${shard}-${dimensions}`;
}

/** Metadata that no search of a mirror filters by. An index keeps the list that it was created with. */
export const unfilterableMirrorKeys = ["text", "content_hash"] as const;
