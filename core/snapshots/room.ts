import type { Collection } from "../../contract/collections.ts";
import { SnapshotTooLargeError } from "./snapshot-errors.ts";

const mib = 1024 * 1024;
/** What a vector takes in a database beside its numbers: text, metadata, links of the graph. */
const bytesBeside = 2_500;
/** What changes leave behind in a database until it is written again. */
const growth = 1.2;
/** The graph in memory, by the size of its numbers. */
const graphFactor = 1.5;
/** Node with the parts of the upload, and the server without vectors but with the bodies of upserts: 820 MiB were measured. */
const fixedMiB = 1_000;

export interface RoomAsked {
  readonly dimensions: number;
  /** Of each shard, largest first: its database, its vectors, and those that are above the database. */
  readonly shards: readonly { readonly bytes: number; readonly vectors: number; readonly above: number }[];
  readonly freeBytes: number;
  readonly memoryMiB: number;
}

/** Throws SnapshotTooLargeError. */
export function requireRoom(
  collection: Collection,
  { dimensions, shards, freeBytes, memoryMiB }: RoomAsked,
): void {
  const perVector = 4 * dimensions + bytesBeside;
  const [first, ...others] = shards.map(({ bytes, above }) => bytes + Math.max(0, above) * perVector);
  const inserted = others.reduce((sum, bytes) => sum + bytes, 0);
  const scratch = Math.ceil((growth * ((first ?? 0) + inserted) + Math.max(0, ...others)) / mib);
  const free = Math.floor(freeBytes / mib);
  if (scratch > free) throw new SnapshotTooLargeError(collection, "scratch", scratch, free);
  const vectors = shards.reduce((sum, shard) => sum + shard.vectors, 0);
  const memory = Math.ceil(fixedMiB + (graphFactor * vectors * 4 * dimensions) / mib);
  if (memory > memoryMiB) throw new SnapshotTooLargeError(collection, "memory", memory, memoryMiB);
}
