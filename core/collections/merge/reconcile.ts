import type { Collection } from "../../../contract/collections.ts";
import { type DocumentFacts, type DocumentRef, documentModel } from "../../documents/documents.ts";
import { type CurrentRun, isRemoved } from "../../runs/current-run.ts";
import type { MergeStore, MetadataChanges } from "../chroma/vector-store.ts";
import { metadataChanges } from "./metadata-changes.ts";

/** Bounds the number of vectors whose metadata is in memory. */
const documentsAtOnce = 100;

/** A document and the state that its vectors must reflect. */
export interface Truth {
  readonly document: DocumentRef;
  readonly facts: DocumentFacts;
  /** Undefined if the document never had a current run and nothing was removed. */
  readonly current: CurrentRun | undefined;
}

export interface Reconciled {
  /** The metadata written, by vector id. */
  readonly updated: ReadonlyMap<string, MetadataChanges>;
  /** Ids of the vectors whose document or part was removed. */
  readonly removed: readonly string[];
}

/**
 * Makes the vectors of documents match their current state: metadata first and deletions last. Writes only differences.
 */
export async function reconcile(
  store: MergeStore,
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

/** Whether the vector's document, or a part that it belongs to, was removed. */
export function isGone({ id }: { readonly id: string }, current: CurrentRun | undefined): boolean {
  if (current === undefined) return false;
  return current.state === "DELETED" || isRemoved(current, ...documentModel.partsOfVector(id));
}
