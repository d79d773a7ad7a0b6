import type { MetadataChanges } from "./vector-store.ts";

/** Chroma refuses bodies of 40 MiB. */
export const maxBodyBytes = 38 * 1024 * 1024;
/** More per request makes nothing faster. */
export const maxUpdates = 4_500;

/**
 * The bodies of as many update requests as it takes: a request is full by count or by bytes, whichever comes first. One
 * long address stands in the metadata of every vector of its receipt (F30).
 */
export function* updateBodies(
  changes: ReadonlyMap<string, MetadataChanges>,
  { maxCount = maxUpdates, maxBytes = maxBodyBytes }: { maxCount?: number; maxBytes?: number } = {},
): Generator<string> {
  let [ids, metadatas, bytes]: [string[], string[], number] = [[], [], 0];
  const body = () => `{"ids":[${ids.join(",")}],"metadatas":[${metadatas.join(",")}]}`;
  for (const [id, change] of changes) {
    const [idText, changeText] = [JSON.stringify(id), JSON.stringify(change)];
    const more = Buffer.byteLength(idText) + Buffer.byteLength(changeText) + 2;
    if (ids.length === maxCount || (ids.length > 0 && bytes + more > maxBytes)) {
      yield body();
      [ids, metadatas, bytes] = [[], [], 0];
    }
    ids.push(idText);
    metadatas.push(changeText);
    bytes += more;
  }
  if (ids.length > 0) yield body();
}
