import type { ShardName } from "../../../contract/collections.ts";

export interface ControlKey {
  readonly PK: string;
  readonly SK: string;
}

/** The item of a shard in the control table that holds its leases and its head. */
export function collectionKey(shard: ShardName): ControlKey {
  return { PK: `COLLECTION#${shard}`, SK: "HEAD" };
}

/** The item of a shard in the control table that holds the lease and the head of its mirror. */
export function mirrorKey(shard: ShardName): ControlKey {
  return { PK: `COLLECTION#${shard}`, SK: "MIRROR" };
}
