import { hash } from "node:crypto";
import type { Collection } from "../../../contract/collections.ts";
import type { Delta } from "../../deltas/delta.ts";
import {
  type DocumentFacts,
  type DocumentPart,
  type DocumentRef,
  documentModel,
} from "../../documents/documents.ts";
import type { CurrentRun } from "../../runs/current-run.ts";
import { withKnown } from "../merge/load-deltas.ts";

/** A document that has no vectors, according to a segment. */
export interface GoneDocument {
  readonly document: DocumentRef;
  readonly gone: true;
}

/** Everything besides the delta that determines the vectors of a document. */
export interface PublishedDocument {
  readonly document: DocumentRef;
  readonly gone: false;
  readonly runId: string;
  /** Object key of the run's delta, which holds the vectors. */
  readonly deltaKey: string;
  /** Number of vectors of the delta that are not removed. */
  readonly vectorCount: number;
  readonly removed: readonly DocumentPart[];
  readonly facts: DocumentFacts;
  readonly digest: string;
}

/** A segment's entry for a document. It replaces the entries of older segments and the content of the base. */
export type SegmentEntry = PublishedDocument | GoneDocument;

/** The run whose delta is published, the facts of the document, and its removed parts. */
export type DocumentState = Pick<PublishedDocument, "runId" | "facts" | "removed">;

/**
 * 32 hexadecimal digits, equal for equal vectors. It need not include the delta, because a run has exactly one per
 * collection.
 */
export function digestOfState({ runId, facts, removed }: DocumentState): string {
  const parts = [runId, ...documentModel.canonicalFacts(facts), [...removed].sort()];
  return hash("sha256", JSON.stringify(parts)).slice(0, 32);
}

/** The removed parts that vectors of the collection can belong to. */
export function removedPartsOf(current: CurrentRun | undefined, collection: Collection): DocumentPart[] {
  const parts = [...(current?.removed.keys() ?? [])].sort();
  return parts.filter((part) => documentModel.isPartIn(collection, part));
}

/** The vectors of a document: those of its delta that are not removed, with the current facts as metadata. */
export function rowsOf(delta: Delta, { facts, removed }: Omit<DocumentState, "runId">): Delta {
  const known = withKnown(delta, facts);
  if (removed.length === 0) return known;
  const gone = new Set<DocumentPart>(removed);
  const kept = delta.ids.flatMap((id, position) =>
    documentModel.partsOfVector(id).some((part) => gone.has(part)) ? [] : [position],
  );
  const width = delta.dimensions * 4;
  return {
    ...known,
    ids: kept.map((position) => delta.ids[position] ?? ""),
    documents: kept.map((position) => delta.documents[position] ?? ""),
    metadatas: kept.map((position) => known.metadatas[position] ?? {}),
    vectors: Buffer.concat(
      kept.map((position) => delta.vectors.subarray(position * width, (position + 1) * width)),
    ),
  };
}
