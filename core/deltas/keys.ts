import { type Collection, collections } from "../../contract/collections.ts";
import { type DocumentRef, documentModel } from "../documents/documents.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";

/** Prefix of all deltas. */
export const deltasFolder = "deltas/";

const extension = ".vkd";
const runIdPattern = /^[A-Za-z0-9_-]{1,128}$/;

/** Part of an object key contains characters that could escape its folder. */
export class UnsafeKeyError extends VectorkeepError {
  constructor(part: string, value: string) {
    super(
      `The ${part} ${JSON.stringify(value)} cannot be part of an object key.`,
      "The ids of a document have a form of their own; a run_id has letters, digits, `-` and `_` only.",
    );
  }
}

export interface DeltaName extends DocumentRef {
  readonly collection: Collection;
  readonly runId: string;
}

/** Returns `deltas/{collection}/{folder of the document}/{run_id}`. Throws UnsafeKeyError. */
export function deltaPrefix(name: DeltaName): string {
  const folder = documentModel.folderOf(name);
  if (folder === undefined) throw new UnsafeKeyError("document", documentModel.keyOf(name));
  return `${deltasFolder}${name.collection}/${folder}/${safeRunId(name.runId)}`;
}

/** The object key of a delta, given the prefix that its run holds. */
export function deltaKey(prefix: string): string {
  return `${prefix}${extension}`;
}

/** The prefix that a run holds, given the object key of its delta. */
export function prefixOfDelta(key: string): string {
  return key.endsWith(extension) ? key.slice(0, -extension.length) : key;
}

const keyPattern = new RegExp(
  `^${deltasFolder}(?<collection>${collections.join("|")})/(?<folder>.+)/(?<runId>[^/]+)\\${extension}$`,
);

/** The delta of an object key; undefined for a key that `deltaKey` never returns. */
export function deltaOfKey(key: string): DeltaName | undefined {
  const { collection, folder = "", runId = "" } = keyPattern.exec(key)?.groups ?? {};
  const named = collections.find((known) => known === collection);
  const document = documentModel.ofFolder(folder);
  if (named === undefined || document === undefined) return undefined;
  const name = { ...document, collection: named, runId };
  try {
    return deltaKey(deltaPrefix(name)) === key ? name : undefined;
  } catch (error) {
    if (error instanceof UnsafeKeyError) return undefined;
    throw error;
  }
}

/** Whether two names denote the same delta. The object under a key may contain another run's delta (F41). */
export function isSameDelta(one: DeltaName, other: DeltaName): boolean {
  return (
    one.collection === other.collection &&
    documentModel.keyOf(one) === documentModel.keyOf(other) &&
    one.runId === other.runId
  );
}

/** Prefix of the rejected rows of all runs. */
export const rejectedRowsFolder = "rejected/";

/** Returns `rejected/{run_id}.ndjson`, the key of a run's rejected rows. Throws UnsafeKeyError. */
export function rejectedRowsKey(runId: string): string {
  return `${rejectedRowsFolder}${safeRunId(runId)}.ndjson`;
}

/** The run of a key of rejected rows; undefined for a key that `rejectedRowsKey` never returns. */
export function runOfRejectedRows(key: string): string | undefined {
  const runId = /^rejected\/([^/]+)\.ndjson$/.exec(key)?.[1] ?? "";
  return runIdPattern.test(runId) ? runId : undefined;
}

function safeRunId(runId: string): string {
  if (!runIdPattern.test(runId)) throw new UnsafeKeyError("run_id", runId);
  return runId;
}
