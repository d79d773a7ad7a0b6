import { documentModel } from "../../documents/documents.ts";
import type { DocumentWork } from "../messages/document-work.ts";
import { vectorsIn } from "../segments/overlay.ts";
import { maxVectorsWithChanges } from "./overlay-room.ts";
import type { PublishedState } from "./published-state.ts";

/** Bounded, because one item of the control table lists the deltas of an overlay and is written at each publish. */
const maxOverlayDocuments = 5_000;
const maxDocumentsWithChanges = 2 * maxOverlayDocuments;
/** The estimate for a new document as long as nothing is published. */
const usualVectors = 50;

export interface Admitted {
  readonly works: readonly DocumentWork[];
  /** Documents that wait in their queue until a fold makes room. */
  readonly heldBack: readonly DocumentWork[];
}

/** What a document would add to the overlay, and the limits that then apply. */
interface Addition {
  readonly vectors: number;
  readonly maxVectors: number;
  readonly maxDocuments: number;
}

/**
 * Applies back-pressure, because readers hold the overlay in memory. Removals, and changes of documents in the overlay,
 * are always admitted. A change of a document that only the base has adds its vectors to the overlay; its limit is
 * higher than that of new documents, so that a bulk load does not delay changes.
 */
export function admit(
  works: readonly DocumentWork[],
  { overlay, index, databaseCount }: PublishedState,
  maxOverlayVectors: number,
): Admitted {
  const known = overlay.size + index.size;
  let vectors = vectorsIn(overlay);
  let documents = overlay.size;
  const perDocument = known === 0 ? usualVectors : Math.max(1, (vectors + databaseCount) / known);
  const added = ({ document, runs, removals }: DocumentWork): Addition | undefined => {
    const key = documentModel.keyOf(document);
    const inBase = index.get(key);
    if (overlay.has(key)) return undefined;
    if (runs.length > 0) {
      return { vectors: perDocument, maxVectors: maxOverlayVectors, maxDocuments: maxOverlayDocuments };
    }
    if (inBase === undefined || removals.some(({ part }) => part === "DOCUMENT")) return undefined;
    return {
      vectors: inBase.vectorCount,
      maxVectors: maxVectorsWithChanges(maxOverlayVectors),
      maxDocuments: maxDocumentsWithChanges,
    };
  };
  const admitted: DocumentWork[] = [];
  const heldBack: DocumentWork[] = [];
  for (const work of works) {
    const addition = added(work);
    if (addition === undefined) {
      admitted.push(work);
      continue;
    }
    const isRoom = vectors + addition.vectors <= addition.maxVectors && documents < addition.maxDocuments;
    // A document larger than the whole limit is admitted if the overlay is empty.
    if (!isRoom && documents > 0) {
      heldBack.push(work);
      continue;
    }
    admitted.push(work);
    vectors += addition.vectors;
    documents += 1;
  }
  return { works: admitted, heldBack };
}
