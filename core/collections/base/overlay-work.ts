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

/** The work of the next base: the documents of the cycle, and those of the segments above the current base. */
export interface OverlayWork {
  readonly items: readonly StartedDocument[];
  /**
   * Whether the document is only in the segments, and no message of the cycle is about it. It keeps its published
   * state.
   */
  readonly isUntouched: (item: StartedDocument) => boolean;
  /** The facts of untouched documents come from their segments, those of the others from the tables. */
  readonly facts: Pick<CurrentFacts, "factsOf">;
}

/** Combines the segments with the cycle's documents; a document that is in both becomes one work item. */
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

/** The merged database, and the entries that stay above it. */
export interface MergedBase extends Merged {
  readonly store: VectorStore;
  readonly carried: readonly SegmentEntry[];
}

/**
 * The results of the cycle's own documents. A document whose entry stays above the base is excluded: readers still see
 * that entry, so the document's changes are not published.
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

/** Entries of documents that were not merged into the base. */
function carriedOver(overlay: Overlay, { settled }: Pick<Merged, "settled">): SegmentEntry[] {
  const there = new Set(Array.from(settled.keys(), ({ document }) => documentModel.keyOf(document)));
  return [...overlay].flatMap(([key, entry]) => (there.has(key) ? [] : [entry]));
}

/** What the next base contains of each merged document, by document key. */
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

/** If the document's vectors are not in the base, its changes apply to the delta that the segments name. */
function overPublished(one: StartedDocument, overlay: Overlay): StartedDocument {
  const entry = overlay.get(documentModel.keyOf(one.document));
  if (entry === undefined || one.run !== undefined || one.current?.state === "DELETED") return one;
  return entry.gone ? { ...one, current: goneCurrent } : { ...one, run: runOf(entry) };
}

function workOf(entry: SegmentEntry): StartedDocument {
  const { document } = entry;
  const nobody = { document, changeMessages: [] };
  // Marked as doubted, because the merge would otherwise not look up the vectors of a removed document.
  if (entry.gone) return { ...nobody, run: undefined, current: goneCurrent, isDoubted: true };
  const removed = new Map(entry.removed.map((part) => [part, 0]));
  return { ...nobody, run: runOf(entry), current: { ...asPublished, removed }, isDoubted: false };
}

function runOf({ document, runId, deltaKey }: PublishedDocument): RunWork {
  return { run: { ...document, runId }, deltaPrefix: prefixOfDelta(deltaKey), messages: [] };
}

const asPublished: CurrentRun = { ...noCurrent, version: 0 };
const goneCurrent: CurrentRun = { ...asPublished, state: "DELETED" };
