import { type Collection, collections } from "../../contract/collections.ts";
import type { DocumentRef } from "../documents/documents.ts";
import type { CompactionRun, RunState } from "./compaction-run.ts";
import type { RunStore } from "./run-store.ts";

/** How far the newest content of a document has come. */
export interface RunStatus {
  /** PENDING: of none of its collections is anything known. DELETED: the document was removed after its last content. */
  readonly state: RunState | "DELETED";
  /** Absent before the first run. */
  readonly runId?: string;
  /** Epoch milliseconds: the time of the content, or of the removal. */
  readonly revision: number;
  /** By collection; absent while the run is not open yet. */
  readonly halves?: Readonly<Record<Collection, { readonly state: RunState; readonly error?: string }>>;
}

/** Reads only. Undefined for a document of which nothing is known. */
export async function runStatus(
  runs: Pick<RunStore, "current" | "find">,
  document: DocumentRef,
): Promise<RunStatus | undefined> {
  const current = await runs.current(document);
  if (current === undefined) return undefined;
  const { runId, revision, state, attempt } = current;
  const known = { ...(runId !== undefined && { runId }), revision };
  if (state === "DELETED") return { ...known, state };
  const run = runId === undefined ? undefined : await runs.find({ ...document, runId });
  // A new attempt is required, and the states are those of the one before.
  if (run === undefined || run.attempts < attempt) return { ...known, state: "PENDING" };
  return { ...known, state: stateOf(run), halves: halvesOf(run) };
}

function stateOf({ halves }: CompactionRun): RunState {
  const states = collections.map((collection) => halves[collection].state);
  if (states.includes("FAILED")) return "FAILED";
  const [first] = states;
  return first !== undefined && states.every((state) => state === first) ? first : "PROCESSING";
}

function halvesOf({ halves }: CompactionRun): NonNullable<RunStatus["halves"]> {
  const shown = collections.map((collection) => {
    const { state, error } = halves[collection];
    return [collection, { state, ...(state === "FAILED" && error !== undefined && { error }) }] as const;
  });
  return Object.fromEntries(shown) as NonNullable<RunStatus["halves"]>;
}
