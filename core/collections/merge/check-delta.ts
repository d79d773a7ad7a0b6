import type { Collection } from "../../../contract/collections.ts";
import type { Delta } from "../../deltas/delta.ts";
import { documentModel } from "../../documents/documents.ts";
import type { RunRef } from "../../runs/run-store.ts";
import { hasLoneSurrogate } from "../../text/well-formed-text.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";

/** A delta does not match its collection or run. */
export class DeltaMismatchedError extends VectorkeepError {
  constructor(key: string, why: string) {
    super(
      `The delta ${key} does not match: ${why}.`,
      "Send its embed message again, which creates a run and deltas for the current settings.",
    );
  }
}

export interface DeltaTarget {
  readonly collection: Collection;
  readonly model: string;
  readonly dimensions: number;
}

/** Throws DeltaMismatchedError if the delta belongs to another run or does not match the collection. */
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
    throw new DeltaMismatchedError(key, "it contains an id twice");
  const unstorable = delta.ids.find((_, position) => !isStorable(delta, position));
  if (unstorable !== undefined)
    throw new DeltaMismatchedError(key, `its vector ${unstorable} cannot be stored`);
}

/** Chroma rejects unpaired surrogates. NaN would compare as close to everything. */
function isStorable({ documents, metadatas, vectors, dimensions }: Delta, position: number): boolean {
  const texts = [documents[position], ...Object.values(metadatas[position] ?? {})];
  if (texts.some((text) => typeof text === "string" && hasLoneSurrogate(text))) return false;
  const view = new DataView(vectors.buffer, vectors.byteOffset + position * dimensions * 4, dimensions * 4);
  let sum = 0;
  for (let at = 0; at < dimensions; at += 1) sum += view.getFloat32(4 * at, true);
  return Number.isFinite(sum);
}
