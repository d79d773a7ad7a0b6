import type { ShardName } from "../../../contract/collections.ts";

/** The one item of a shard in the control table: its lease and its head. */
export function collectionKey(shard: ShardName): { PK: string; SK: string } {
  return { PK: `COLLECTION#${shard}`, SK: "HEAD" };
}
