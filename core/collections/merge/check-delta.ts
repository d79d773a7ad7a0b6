import type { Collection } from "../../../contract/collections.ts";
import type { Delta } from "../../deltas/delta.ts";
import { documentModel } from "../../documents/documents.ts";
import type { RunRef } from "../../runs/run-store.ts";
import { hasLoneSurrogate } from "../../text/well-formed-text.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";

/** A delta that cannot go into its collection. */
export class DeltaMismatchedError extends VectorkeepError {
  constructor(key: string, why: string) {
    super(
      `The delta ${key} does not fit: ${why}.`,
      "Send its embed message again: it makes a run and deltas for the settings of today.",
    );
  }
}

export interface DeltaTarget {
  readonly collection: Collection;
  readonly model: string;
  readonly dimensions: number;
}

/** Throws DeltaMismatchedError where the delta is not the run's, or not made for the collection. */
export function checkDelta(delta: Delta, key: string, run: RunRef, target: DeltaTarget): void {
  const wrong = (what: string, is: unknown, due: unknown) =>
    new DeltaMismatchedError(key, `its ${what} is ${is}, not ${due}`);
  if (delta.collection !== target.collection) throw wrong("collection", delta.collection, target.collection);
  if (delta.runId !== run.runId) throw wrong("run", delta.runId, run.runId);
  if (documentModel.keyOf(delta) !== documentModel.keyOf(run))
    throw wrong(documentModel.noun, documentModel.keyOf(delta), documentModel.keyOf(run));
  if (delta.model !== target.model) throw wrong("model", delta.model, target.model);
  if (delta.dimensions !== target.dimensions)
    throw wrong("number of dimensions", delta.dimensions, target.dimensions);
  const stem = `${documentModel.keyOf(run)}#`;
  const stranger = delta.ids.find((id) => !id.startsWith(stem));
  if (stranger !== undefined)
    throw new DeltaMismatchedError(key, `its vector ${stranger} belongs to another ${documentModel.noun}`);
  if (new Set(delta.ids).size !== delta.ids.length)
    throw new DeltaMismatchedError(key, "it holds an id twice");
  const unstorable = delta.ids.find((_, position) => !isStorable(delta, position));
  if (unstorable !== undefined)
    throw new DeltaMismatchedError(key, `no store takes its vector ${unstorable}`);
}

/** Chroma refuses half of a surrogate pair. NaN would compare as near to everything. */
function isStorable({ documents, metadatas, vectors, dimensions }: Delta, position: number): boolean {
  const texts = [documents[position], ...Object.values(metadatas[position] ?? {})];
  if (texts.some((text) => typeof text === "string" && hasLoneSurrogate(text))) return false;
  const view = new DataView(vectors.buffer, vectors.byteOffset + position * dimensions * 4, dimensions * 4);
  let sum = 0;
  for (let at = 0; at < dimensions; at += 1) sum += view.getFloat32(4 * at, true);
  return Number.isFinite(sum);
}
