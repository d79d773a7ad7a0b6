import type { Delta } from "../../deltas/delta.ts";
import type { DeltaStore } from "../../deltas/delta-store.ts";
import { prefixOfDelta } from "../../deltas/keys.ts";
import { documentModel } from "../../documents/documents.ts";
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

function storedVectors(rows: Delta): StoredVector[] {
  return rows.ids.map((id, position) => ({
    id,
    document: rows.documents[position] ?? "",
    metadata: rows.metadatas[position] ?? {},
    vector: vectorAt(rows, position),
  }));
}
