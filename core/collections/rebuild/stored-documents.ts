import { type DocumentRef, documentModel } from "../../documents/documents.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import type { CurrentRun } from "../../runs/current-run.ts";
import type { RunStore } from "../../runs/run-store.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import type { DeltaTarget } from "../merge/check-delta.ts";
import type { StartedDocument } from "../messages/document-work.ts";

const readsAtOnce = 16;

export interface StoredDeps {
  readonly target: DeltaTarget;
  readonly runs: Pick<RunStore, "current" | "find">;
}

/** The state of some documents in the tables. */
export interface StoredDocuments {
  /** Documents that should have vectors, with the run whose delta holds them. */
  readonly due: readonly StartedDocument[];
  /** Keys of documents that should have no vectors. */
  readonly empty: readonly string[];
  /** Documents whose expected vectors are unknown, by key, with the reason. */
  readonly unknown: ReadonlyMap<string, string>;
}

/** Reads which run of each document is current. A document that cannot be read does not affect the others. */
export async function readStored(deps: StoredDeps, keys: readonly string[]): Promise<StoredDocuments> {
  const due: StartedDocument[] = [];
  const empty: string[] = [];
  const unknown = new Map<string, string>();
  await inParallel(keys, readsAtOnce, async (key) => {
    const document = documentModel.ofKey(key);
    const read = document ? await readOne(deps, document) : `its key names no ${documentModel.noun}`;
    if (typeof read === "string") unknown.set(key, read);
    else if (read === undefined) empty.push(key);
    else due.push(read);
  });
  due.sort((one, other) =>
    documentModel.keyOf(one.document) < documentModel.keyOf(other.document) ? -1 : 1,
  );
  return { due, empty, unknown };
}

/** Undefined if no vectors are expected; a string is the reason why they are unknown. */
async function readOne(
  { runs, target }: StoredDeps,
  document: DocumentRef,
): Promise<StartedDocument | string | undefined> {
  try {
    const current = await runs.current(document);
    if (!isActive(current)) return undefined;
    const run = await runs.find({ ...document, runId: current.runId });
    if (run === undefined) return `the ${documentModel.noun}s table has no run ${current.runId}`;
    const { deltaPrefix } = run.halves[target.collection];
    const work = { run: { ...document, runId: current.runId }, deltaPrefix, messages: [] };
    return { document, run: work, current, changeMessages: [], isDoubted: false };
  } catch (error) {
    // An error of DynamoDB is transient; an unreadable item is not.
    if (error instanceof VectorkeepError) return error.message;
    throw error;
  }
}

function isActive(current: CurrentRun | undefined): current is CurrentRun & { readonly runId: string } {
  return current?.state === "ACTIVE" && current.runId !== undefined;
}
