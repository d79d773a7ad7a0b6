import type { Collection } from "../../../contract/collections.ts";
import { type DocumentFacts, type DocumentRef, documentModel } from "../../documents/documents.ts";
import { type CurrentRun, isRemoved } from "../../runs/current-run.ts";
import type { MetadataChanges, VectorStore } from "../chroma/vector-store.ts";
import { metadataChanges } from "./metadata-changes.ts";

/** More at a time would hold the metadata of too many vectors. */
const documentsAtOnce = 100;

/** A document whose vectors must show what is true of it now. */
export interface Truth {
  readonly document: DocumentRef;
  readonly facts: DocumentFacts;
  /** Undefined where no run ever counted and nothing was removed. */
  readonly current: CurrentRun | undefined;
}

export interface Reconciled {
  /** What was written, by vector id. */
  readonly updated: ReadonlyMap<string, MetadataChanges>;
  /** Ids of vectors of which the document or a part was removed. */
  readonly removed: readonly string[];
}

/**
 * Brings the vectors of documents to the truth: metadata first, then deletions, so that what is deleted is so in the end.
 * Writes what differs, and nothing else.
 */
export async function reconcile(
  store: VectorStore,
  collection: Collection,
  truths: readonly Truth[],
): Promise<Reconciled> {
  const updated = new Map<string, MetadataChanges>();
  const removed: string[] = [];
  for (let from = 0; from < truths.length; from += documentsAtOnce) {
    const some = new Map(
      truths.slice(from, from + documentsAtOnce).map((truth) => [documentModel.keyOf(truth.document), truth]),
    );
    const changes = new Map<string, MetadataChanges>();
    for (const stored of await store.metadataOf([...some.values()].map(({ document }) => document))) {
      const truth = some.get(documentModel.keyOfVector(stored.id));
      if (truth === undefined) continue;
      if (isGone(stored, truth.current)) {
        removed.push(stored.id);
        continue;
      }
      const change = metadataChanges(
        stored.metadata,
        documentModel.metadataOf(truth.facts, collection, stored.id),
      );
      if (change) changes.set(stored.id, change);
    }
    await store.updateMetadata(changes);
    for (const [id, change] of changes) updated.set(id, change);
  }
  await store.delete(removed);
  return { updated, removed };
}

/** Whether a vector's document, or a part that it belongs to, was removed. */
export function isGone({ id }: { readonly id: string }, current: CurrentRun | undefined): boolean {
  if (current === undefined) return false;
  return current.state === "DELETED" || isRemoved(current, ...documentModel.partsOfVector(id));
}
