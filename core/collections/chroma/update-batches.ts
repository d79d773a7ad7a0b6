import { batchesOf } from "../../resilience/batch.ts";
import type { MetadataChanges } from "./vector-store.ts";

/** Chroma rejects bodies of 40 MiB. */
export const maxBodyBytes = 38 * 1024 * 1024;
/** Larger requests are no faster. */
export const maxUpdates = 4_500;

/**
 * The bodies of the update requests; each is bounded by count and by bytes. Bytes matter because one long address is
 * repeated in the metadata of every vector of its document (F30).
 */
export function* updateBodies(
  changes: ReadonlyMap<string, MetadataChanges>,
  { maxCount = maxUpdates, maxBytes = maxBodyBytes }: { maxCount?: number; maxBytes?: number } = {},
): Generator<string> {
  const updates = Array.from(
    changes,
    ([id, change]) => [JSON.stringify(id), JSON.stringify(change)] as const,
  );
  const bytesOf = ([id, change]: readonly [string, string]) =>
    Buffer.byteLength(id) + Buffer.byteLength(change) + 2;
  for (const batch of batchesOf(updates, { maxCount, maxBytes, bytesOf })) {
    const ids = batch.map(([id]) => id);
    const metadatas = batch.map(([, change]) => change);
    yield `{"ids":[${ids.join(",")}],"metadatas":[${metadatas.join(",")}]}`;
  }
}
