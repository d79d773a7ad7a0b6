import type { Collection } from "../../../contract/collections.ts";
import { knownMetadata, type ReceiptFacts } from "../../entities/receipt-facts.ts";
import { type ReceiptRef, receiptKey, receiptOfVector } from "../../receipts/receipt.ts";
import { type CurrentRun, isRemoved, type RemovedPart } from "../../runs/current-run.ts";
import type { MetadataChanges, VectorStore } from "../chroma/vector-store.ts";
import { metadataChanges } from "./metadata-changes.ts";

/** More at a time would hold the metadata of too many vectors. */
const receiptsAtOnce = 100;

/** A receipt whose vectors must show what is true of it now. */
export interface Truth {
  readonly receipt: ReceiptRef;
  readonly facts: ReceiptFacts;
  /** Undefined where no run ever counted and nothing was removed. */
  readonly current: CurrentRun | undefined;
}

export interface Reconciled {
  /** What was written, by vector id. */
  readonly updated: ReadonlyMap<string, MetadataChanges>;
  /** Ids of vectors whose receipt, line or word was removed. */
  readonly removed: readonly string[];
}

/**
 * Brings the vectors of receipts to the truth: metadata first, then deletions, so that what is deleted is so in the end.
 * Writes what differs, and nothing else.
 */
export async function reconcile(
  store: VectorStore,
  collection: Collection,
  truths: readonly Truth[],
): Promise<Reconciled> {
  const updated = new Map<string, MetadataChanges>();
  const removed: string[] = [];
  for (let from = 0; from < truths.length; from += receiptsAtOnce) {
    const some = new Map(
      truths.slice(from, from + receiptsAtOnce).map((truth) => [receiptKey(truth.receipt), truth]),
    );
    const changes = new Map<string, MetadataChanges>();
    for (const stored of await store.metadataOf([...some.values()].map(({ receipt }) => receipt))) {
      const truth = some.get(receiptOfVector(stored.id));
      if (truth === undefined) continue;
      if (isGone(stored, truth.current)) {
        removed.push(stored.id);
        continue;
      }
      const change = metadataChanges(stored.metadata, knownMetadata(truth.facts, collection, stored.id));
      if (change) changes.set(stored.id, change);
    }
    await store.updateMetadata(changes);
    for (const [id, change] of changes) updated.set(id, change);
  }
  await store.delete(removed);
  return { updated, removed };
}

/** Whether a vector's receipt, line or word was removed. */
export function isGone({ id }: { readonly id: string }, current: CurrentRun | undefined): boolean {
  if (current === undefined) return false;
  if (current.state === "DELETED") return true;
  const [line, word] = partsOfVector(id);
  return isRemoved(current, line, word);
}

/** The parts that a vector's id names: `...#LINE#{line}` and, of a word, `...#LINE#{line}#WORD#{word}`. */
export function partsOfVector(id: string): [RemovedPart, RemovedPart | undefined] {
  const [, , , , , line = "", , word] = id.split("#");
  const ofLine: RemovedPart = `LINE#${line}`;
  return [ofLine, word === undefined ? undefined : `${ofLine}#WORD#${word}`];
}
