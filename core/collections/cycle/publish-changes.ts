import { type DocumentRef, documentModel } from "../../documents/documents.ts";
import type { Head } from "../generations/head.ts";
import type { Lease } from "../lease/lease.ts";
import type { QueuedMessage } from "../messages/collection-queue.ts";
import type { StartedDocument } from "../messages/document-work.ts";
import type { FailedMessages } from "../messages/failed-messages.ts";
import { type LookedDocument, lookAtDocuments } from "../publish/look-at-documents.ts";
import { nameDeltas } from "../publish/name-deltas.ts";
import { publishSegment } from "../publish/publish-segment.ts";
import { openPublished, type PublishedState } from "../publish/published-state.ts";
import type { CycleDeps, Done } from "./cycle-deps.ts";
import { documentsLogged, type MergedVectors, reportMerged, reportPublished } from "./report-published.ts";

export interface PublishedChanges extends Done {
  readonly head: Head | undefined;
  readonly bytesWritten: number;
  /** Messages of documents for which there is no room above the base. */
  readonly heldBack: readonly QueuedMessage[];
  /** Documents whose vectors only the base has. */
  readonly inBaseAlone: readonly DocumentRef[];
}

export interface PublishDeps extends CycleDeps {
  readonly failed: FailedMessages;
}

/**
 * Publishes the changes of the documents as a segment above the base. Publishes nothing if all of them are already
 * published.
 */
export async function publishChanges(
  deps: PublishDeps,
  lease: Lease,
  head: Head | undefined,
  published: PublishedState,
  documents: readonly StartedDocument[],
  until: number,
): Promise<PublishedChanges> {
  const { config, failed } = deps;
  const looked = await lookAtDocuments(deps, published, documents, {
    maxVectors: config.fold.maxOverlayVectors,
    until,
  });
  for (const [work, reason] of looked.mismatched) await failed.ofRun(work, reason);
  for (const [{ changeMessages }, reason] of looked.unshowable) {
    await failed.ofMessages(changeMessages, reason);
  }
  const named = await nameDeltas(deps, lease, published.overlay, looked.documents);
  const entries = named.flatMap(({ entry }) => entry ?? []);
  const done = {
    ...doneOf(named),
    heldBack: looked.heldBack.flatMap(({ run, changeMessages }) => [
      ...(run?.messages ?? []),
      ...changeMessages,
    ]),
    inBaseAlone: looked.inBaseAlone,
  };
  const merged = countVectors(named);
  if (entries.length === 0) {
    reportMerged(deps, done, merged);
    return { ...done, head, bytesWritten: 0 };
  }
  const made = await publishSegment(
    { ...deps, openPublished: (moved) => openPublished(deps, moved) },
    lease,
    head,
    published,
    entries,
  );
  const { count, segments, overlay, bytesWritten } = made;
  reportMerged(deps, done, merged);
  reportPublished(deps, made.head, {
    vectors: count,
    documents: entries.slice(0, documentsLogged).map(({ document }) => documentModel.keyOf(document)),
    segments,
    overlay_vectors: overlay.vectors,
  });
  return { ...done, head: made.head, bytesWritten };
}

/** Counts the vectors of new deltas, the vectors of documents with changed facts, and the removed vectors. */
function countVectors(named: readonly LookedDocument[]): MergedVectors {
  const [written = 0, updated = 0] = [true, false].map((isNew) =>
    named
      .filter(({ deltaVectors }) => (deltaVectors !== undefined) === isNew)
      .reduce((sum, { entry }) => sum + (entry === undefined || entry.gone ? 0 : entry.vectorCount), 0),
  );
  const removed = named.reduce((sum, { removedVectors }) => sum + removedVectors, 0);
  return { written, updated, removed };
}

function doneOf(named: readonly LookedDocument[]): Done {
  const runs = named.flatMap(({ one: { run }, deltaVectors }) =>
    run && deltaVectors !== undefined ? [[run, deltaVectors] as const] : [],
  );
  return { runs: new Map(runs), changeMessages: named.flatMap(({ one }) => one.changeMessages) };
}
