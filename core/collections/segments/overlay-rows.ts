import { isDeepStrictEqual } from "node:util";
import type { Collection } from "../../../contract/collections.ts";
import type { Delta } from "../../deltas/delta.ts";
import type { DeltaStore } from "../../deltas/delta-store.ts";
import { prefixOfDelta } from "../../deltas/keys.ts";
import { type DocumentFacts, documentModel } from "../../documents/documents.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import type { StoredVector } from "../chroma/vector-store.ts";
import type { DeltaTarget } from "../merge/check-delta.ts";
import { readDelta } from "../merge/load-deltas.ts";
import { vectorAt } from "../merge/parts-that-differ.ts";
import { rowsOf, type SegmentEntry } from "./entry.ts";

/** A delta that a published generation names cannot be read. */
export class NamedDeltaMissingError extends VectorkeepError {
  constructor(document: string, why: string) {
    super(
      `The published vectors of ${document} cannot be read: ${why}`,
      "`npm run verify -- --repair` embeds them again from its rows.",
    );
  }
}

/** The vectors of an entry in the form in which a store would hold them. Throws NamedDeltaMissingError. */
export async function vectorsOfEntry(
  deltas: Pick<DeltaStore, "get">,
  target: DeltaTarget,
  entry: SegmentEntry,
): Promise<StoredVector[]> {
  if (entry.gone) return [];
  const { document, runId, deltaKey } = entry;
  const run = { run: { ...document, runId }, deltaPrefix: prefixOfDelta(deltaKey) };
  const delta = readDelta(target, run, await deltas.get(deltaKey));
  if (typeof delta === "string") throw new NamedDeltaMissingError(documentModel.keyOf(document), delta);
  return storedVectors(rowsOf(delta, entry));
}

/** Whether the vectors of both entries are of one delta and the same parts, so that they differ by the known facts at most. */
export function differsByFacts(one: SegmentEntry | undefined, other: SegmentEntry): boolean {
  if (one === undefined || one.gone || other.gone) return false;
  return one.deltaKey === other.deltaKey && isDeepStrictEqual(one.removed, other.removed);
}

/** Vectors of a document with these facts instead of those that they show. */
export function withFacts(
  vectors: readonly StoredVector[],
  facts: DocumentFacts,
  collection: Collection,
): StoredVector[] {
  return vectors.map(({ id, document, metadata, vector }) => {
    const own = Object.entries(metadata).filter(([key]) => !documentModel.isFactKey(key));
    const known = documentModel.metadataOf(facts, collection, id);
    return { id, document, metadata: { ...Object.fromEntries(own), ...known }, vector };
  });
}

function storedVectors(rows: Delta): StoredVector[] {
  return rows.ids.map((id, position) => ({
    id,
    document: rows.documents[position] ?? "",
    metadata: rows.metadatas[position] ?? {},
    vector: vectorAt(rows, position),
  }));
}
