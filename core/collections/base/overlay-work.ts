import type { Collection } from "../../../contract/collections.ts";
import { deltaKey as keyOfDelta, prefixOfDelta } from "../../deltas/keys.ts";
import { type CurrentFacts, type DocumentFacts, documentModel } from "../../documents/documents.ts";
import { type CurrentRun, noCurrent } from "../../runs/current-run.ts";
import type { VectorStore } from "../chroma/vector-store.ts";
import type { Merged } from "../merge/merge-documents.ts";
import type { RunWork, StartedDocument } from "../messages/document-work.ts";
import type { BaseIndex } from "../segments/base-index.ts";
import {
  digestOfState,
  type PublishedDocument,
  removedPartsOf,
  type SegmentEntry,
} from "../segments/entry.ts";
import type { KnownOfDocument } from "../segments/next-index.ts";
import type { Overlay } from "../segments/overlay.ts";

/** What goes into the next base: the documents of a cycle, and those of the segments above the base before. */
export interface OverlayWork {
  readonly items: readonly StartedDocument[];
  /** Of those that no message of the cycle speaks of. They stay as they are published. */
  readonly isUntouched: (item: StartedDocument) => boolean;
  /** What the segments know of an untouched document, and what the tables know of the others. */
  readonly facts: Pick<CurrentFacts, "factsOf">;
}

/** A document that is in the segments and in the cycle too is one piece of work. */
export function withOverlay(
  overlay: Overlay,
  documents: readonly StartedDocument[],
  items: Pick<CurrentFacts, "factsOf">,
): OverlayWork {
  const touched = new Map(documents.map((one) => [documentModel.keyOf(one.document), one]));
  const untouched = new Map<StartedDocument, DocumentFacts | undefined>();
  for (const [key, entry] of overlay) {
    if (!touched.has(key)) untouched.set(workOf(entry), entry.gone ? undefined : entry.facts);
  }
  const known = new Map<string, DocumentFacts>();
  for (const [{ document }, facts] of untouched) if (facts) known.set(documentModel.keyOf(document), facts);
  return {
    items: [...documents.map((one) => overPublished(one, overlay)), ...untouched.keys()],
    isUntouched: (item) => untouched.has(item),
    facts: {
      factsOf: async (document, collection) =>
        known.get(documentModel.keyOf(document)) ?? (await items.factsOf(document, collection)),
    },
  };
}

/** The merged database, and what stays above it. */
export interface MergedBase extends Merged {
  readonly store: VectorStore;
  readonly carried: readonly SegmentEntry[];
}

/**
 * What the cycle's own documents have come to. A document whose entry stays above the base shows that entry alone, so
 * its changes are not published.
 */
export function ownOf(
  work: OverlayWork,
  documents: readonly StartedDocument[],
  merged: Merged,
  overlay: Overlay,
): Omit<MergedBase, "store"> {
  const carried = carriedOver(overlay, merged);
  const hidden = new Set(carried.map(({ document }) => documentModel.keyOf(document)));
  const shown = work.items.filter(
    (item) => !work.isUntouched(item) && !hidden.has(documentModel.keyOf(item.document)),
  );
  const runs = new Set(documents.flatMap(({ run }) => run ?? []));
  const keys = new Set(shown.map(({ document }) => documentModel.keyOf(document)));
  const changes = new Set(shown.flatMap(({ changeMessages }) => changeMessages));
  return {
    ...merged,
    runs: new Map([...merged.runs].filter(([run]) => runs.has(run))),
    documents: merged.documents.filter((document) => keys.has(documentModel.keyOf(document))),
    changeMessages: merged.changeMessages.filter((message) => changes.has(message)),
    carried,
  };
}

/** Entries of documents that have not got into the base: they stay above it. */
function carriedOver(overlay: Overlay, { settled }: Pick<Merged, "settled">): SegmentEntry[] {
  const there = new Set(Array.from(settled.keys(), ({ document }) => documentModel.keyOf(document)));
  return [...overlay].flatMap(([key, entry]) => (there.has(key) ? [] : [entry]));
}

/** By document key, what the next base holds of the documents that have got into it. */
export function settledStates(
  collection: Collection,
  { settled }: Pick<Merged, "settled">,
  before: BaseIndex | undefined,
): Map<string, KnownOfDocument> {
  return new Map(
    Array.from(settled, ([{ document, run, current }, facts]) => {
      const key = documentModel.keyOf(document);
      const runId = run?.run.runId ?? before?.get(key)?.runId ?? null;
      const deltaKey = run ? keyOfDelta(run.deltaPrefix) : (before?.get(key)?.deltaKey ?? null);
      const removed = removedPartsOf(current, collection);
      const digest = runId === null ? null : digestOfState({ runId, facts, removed });
      return [key, { runId, deltaKey, digest }];
    }),
  );
}

/** A change of a document whose vectors are not in the base is one of the delta that the segments name. */
function overPublished(one: StartedDocument, overlay: Overlay): StartedDocument {
  const entry = overlay.get(documentModel.keyOf(one.document));
  if (entry === undefined || one.run !== undefined || one.current?.state === "DELETED") return one;
  return entry.gone ? { ...one, current: goneCurrent } : { ...one, run: runOf(entry) };
}

function workOf(entry: SegmentEntry): StartedDocument {
  const { document } = entry;
  const nobody = { document, changeMessages: [] };
  // Nothing is read of one that is gone, so that it has to be asked for.
  if (entry.gone) return { ...nobody, run: undefined, current: goneCurrent, isDoubted: true };
  const removed = new Map(entry.removed.map((part) => [part, 0]));
  return { ...nobody, run: runOf(entry), current: { ...asPublished, removed }, isDoubted: false };
}

function runOf({ document, runId, deltaKey }: PublishedDocument): RunWork {
  return { run: { ...document, runId }, deltaPrefix: prefixOfDelta(deltaKey), messages: [] };
}

const asPublished: CurrentRun = { ...noCurrent, version: 0 };
const goneCurrent: CurrentRun = { ...asPublished, state: "DELETED" };
