import { documentModel } from "../../documents/documents.ts";
import type { DocumentWork } from "../messages/document-work.ts";
import { vectorsIn } from "../segments/overlay.ts";
import { maxVectorsWithChanges } from "./overlay-room.ts";
import type { PublishedState } from "./published-state.ts";

/** The deltas of an overlay are listed in one item of the control table, which is written at each publish. */
const maxOverlayDocuments = 5_000;
const maxDocumentsWithChanges = 2 * maxOverlayDocuments;
/** Of a document of which nothing like it is published yet. */
const usualVectors = 50;

export interface Admitted {
  readonly works: readonly DocumentWork[];
  /** Documents that wait in their queue until a fold has made room for them. */
  readonly heldBack: readonly DocumentWork[];
}

/** What a document would add to the overlay, and how full the overlay may be with it. */
interface Addition {
  readonly vectors: number;
  readonly maxVectors: number;
  readonly maxDocuments: number;
}

/**
 * Back-pressure: what is above the base is held in the memory of each reader. Removals and changes of what is above it
 * already are admitted always. A change of a document that only the base has brings its vectors up: as far as there is
 * room, and there is more of it than for new documents, so that a load does not delay changes.
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
    // One that is larger than all the room there is goes alone.
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
