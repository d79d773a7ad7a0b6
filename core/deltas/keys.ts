import { type Collection, collections } from "../../contract/collections.ts";
import { type DocumentRef, documentModel } from "../documents/documents.ts";
import { VectorkeepError } from "../vectorkeep-error.ts";

/** Prefix of all deltas. */
export const deltasFolder = "deltas/";

const extension = ".vkd";
const runIdPattern = /^[A-Za-z0-9_-]{1,128}$/;

/** A part of a key could escape its folder. */
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

/** `deltas/{collection}/{folder of the document}/{run_id}`. Throws UnsafeKeyError. */
export function deltaPrefix(name: DeltaName): string {
  const folder = documentModel.folderOf(name);
  if (folder === undefined) throw new UnsafeKeyError("document", documentModel.keyOf(name));
  return `${deltasFolder}${name.collection}/${folder}/${safeRunId(name.runId)}`;
}

/** The object key of a delta, from the prefix in its run. */
export function deltaKey(prefix: string): string {
  return `${prefix}${extension}`;
}

/** The prefix that a run holds, from the object key of its delta. */
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

/** Whether two names denote the same delta. Another run's delta can lie under a key (F41). */
export function isSameDelta(one: DeltaName, other: DeltaName): boolean {
  return (
    one.collection === other.collection &&
    documentModel.keyOf(one) === documentModel.keyOf(other) &&
    one.runId === other.runId
  );
}

/** Prefix of the rejected rows of runs. */
export const rejectedRowsFolder = "rejected/";

/** `rejected/{run_id}.ndjson`: the rejected rows of a run. Throws UnsafeKeyError. */
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
