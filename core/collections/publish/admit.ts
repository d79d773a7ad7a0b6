import { documentModel } from "../../documents/documents.ts";
import type { DocumentWork } from "../messages/document-work.ts";
import { vectorsIn } from "../segments/overlay.ts";
import type { PublishedState } from "./published-state.ts";

/** The deltas of an overlay are listed in one item of the control table, which is written at each publish. */
const maxOverlayDocuments = 5_000;
/** Of a document of which nothing like it is published yet. */
const usualVectors = 50;

export interface Admitted {
  readonly works: readonly DocumentWork[];
  /** Documents that wait in their queue until a fold has made room for them. */
  readonly heldBack: readonly DocumentWork[];
}

/**
 * Back-pressure: what is above the base is held in the memory of each reader. Changes of what is published are admitted
 * always, and so are removals; new vectors as far as there is room, by what documents usually have.
 */
export function admit(
  works: readonly DocumentWork[],
  { overlay, index, databaseCount }: PublishedState,
  maxOverlayVectors: number,
): Admitted {
  const held = vectorsIn(overlay);
  const known = overlay.size + index.size;
  const perDocument = known === 0 ? usualVectors : Math.max(1, (held + databaseCount) / known);
  let room = maxOverlayVectors - held;
  let documents = overlay.size;
  const admitted: DocumentWork[] = [];
  const heldBack: DocumentWork[] = [];
  for (const work of works) {
    const isNew = work.runs.length > 0 && !overlay.has(documentModel.keyOf(work.document));
    // One that is larger than all the room there is goes alone.
    const fits = (room >= perDocument && documents < maxOverlayDocuments) || documents === 0;
    if (isNew && !fits) {
      heldBack.push(work);
      continue;
    }
    admitted.push(work);
    if (!isNew) continue;
    room -= perDocument;
    documents += 1;
  }
  return { works: admitted, heldBack };
}
