import type { ShardName } from "../../../contract/collections.ts";

/** The item of a shard in the control table that holds its leases and its head. */
export function collectionKey(shard: ShardName): { PK: string; SK: string } {
  return { PK: `COLLECTION#${shard}`, SK: "HEAD" };
}
