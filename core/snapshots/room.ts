import type { Collection } from "../../contract/collections.ts";
import { SnapshotTooLargeError } from "./snapshot-errors.ts";

const mib = 1024 * 1024;
/** Bytes of a vector in a database in addition to its numbers: text, metadata, links of the graph. */
const bytesBeside = 2_500;
/** The factor by which changes enlarge a database until it is rewritten. */
const growth = 1.2;
/** The size of the graph in memory, relative to its numbers. */
const graphFactor = 1.5;
/** Node, the server without vectors, and the parts of the upload. */
const fixedMiB = 1_000;

export interface RoomAsked {
  readonly dimensions: number;
  /** For each shard, largest first: the bytes and vectors of its database, and the number of vectors above it. */
  readonly shards: readonly { readonly bytes: number; readonly vectors: number; readonly above: number }[];
  readonly freeBytes: number;
  readonly memoryMiB: number;
}

/** Checks that an export fits into disk and memory. Throws SnapshotTooLargeError. */
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
