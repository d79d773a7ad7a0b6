import { type DocumentRef, documentModel } from "../../documents/documents.ts";
import type { VectorStore } from "../chroma/vector-store.ts";
import type { BaseIndex, IndexedDocument } from "./base-index.ts";

const idsPerPage = 10_000;

/** The indexed values of a document other than its vector count. */
export type KnownOfDocument = Omit<IndexedDocument, "vectorCount">;

const unknown: KnownOfDocument = { runId: null, deltaKey: null, digest: null };

/**
 * The index of a database that differs from the one with the index `before` only in the documents of `settled`. Counts
 * only the vectors of those documents, or all vectors if there is no earlier index or the sum does not match the store.
 */
export async function nextIndex(
  store: Pick<VectorStore, "count" | "idsOf" | "idsAt">,
  before: BaseIndex | undefined,
  settled: ReadonlyMap<string, KnownOfDocument>,
): Promise<BaseIndex> {
  if (before !== undefined) {
    const index = new Map(before);
    const counts = countByDocument(await store.idsOf(documentsOf(settled.keys())));
    for (const [key, known] of settled) {
      const vectorCount = counts.get(key);
      if (vectorCount === undefined) index.delete(key);
      else index.set(key, { ...known, vectorCount });
    }
    const indexed = [...index.values()].reduce((sum, { vectorCount }) => sum + vectorCount, 0);
    if (indexed === (await store.count())) return index;
  }
  const counts = new Map<string, number>();
  for (let offset = 0; ; offset += idsPerPage) {
    const ids = await store.idsAt(offset, idsPerPage);
    if (ids.length === 0) break;
    countByDocument(ids, counts);
  }
  return new Map(
    Array.from(counts, ([key, vectorCount]) => [
      key,
      { ...(settled.get(key) ?? before?.get(key) ?? unknown), vectorCount },
    ]),
  );
}

function countByDocument(ids: readonly string[], counts = new Map<string, number>()): Map<string, number> {
  for (const id of ids) {
    const key = documentModel.keyOfVector(id);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

function documentsOf(keys: Iterable<string>): DocumentRef[] {
  return Array.from(keys, (key) => documentModel.ofKey(key) ?? []).flat();
}
