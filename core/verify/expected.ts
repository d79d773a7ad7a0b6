import { checkDelta, DeltaMismatchedError, type DeltaTarget } from "../collections/merge/check-delta.ts";
import { withKnown } from "../collections/merge/load-deltas.ts";
import { vectorAt } from "../collections/merge/parts-that-differ.ts";
import { isGone } from "../collections/merge/reconcile.ts";
import { DeltaUnreadableError, decodeDelta } from "../deltas/codec.ts";
import type { Delta } from "../deltas/delta.ts";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { deltaKey } from "../deltas/keys.ts";
import type { CurrentFacts, DocumentRef } from "../documents/documents.ts";
import { documentModel } from "../documents/documents.ts";
import type { CompactionRun } from "../runs/compaction-run.ts";
import type { CurrentRun } from "../runs/current-run.ts";
import type { RunRef, RunStore } from "../runs/run-store.ts";
import { ItemUnreadableError } from "../unreadable-item.ts";
import type { Described } from "./digest.ts";

export interface ExpectedVector extends Described {
  readonly numbers: () => Float32Array;
}

/** The expected vectors of a document in a shard, or the reason why they cannot be determined. */
export type Expected =
  | { readonly kind: "vectors"; readonly vectors: readonly ExpectedVector[] }
  | { readonly kind: "in_flight"; readonly why: string }
  | {
      /**
       * `without_run`: CURRENT names a run that does not exist. `without_delta`: the run's delta cannot be used (F1).
       * `failed`: compaction has given up the run.
       */
      readonly kind: "without_run" | "without_delta" | "failed";
      readonly why: string;
    };

export interface TruthDeps {
  readonly target: DeltaTarget;
  readonly runs: Pick<RunStore, "current" | "find">;
  readonly deltas: Pick<DeltaStore, "get">;
  readonly items: Pick<CurrentFacts, "factsOf">;
}

/**
 * A message that embed did not finish is redelivered within two minutes, and with a back-off of up to half an hour
 * while it fails. Until then it may still create the run that its first delivery made current.
 */
const mendedWithinMs = 3 * 3_600_000;

/**
 * Resolves to undefined if the document never had a current run and was not removed, because nothing is then known
 * about it.
 */
export async function expectedOf(
  deps: TruthDeps,
  document: DocumentRef,
  current: CurrentRun | undefined,
): Promise<Expected | undefined> {
  if (current === undefined) return undefined;
  if (current.state === "DELETED") return { kind: "vectors", vectors: [] };
  if (current.runId === undefined) return undefined;
  const run = await findRun(deps, { ...document, runId: current.runId });
  if (typeof run === "string") return withoutRun(current, run);
  const half = run.halves[deps.target.collection];
  if (run.attempts < current.attempt) {
    return { kind: "in_flight", why: `attempt ${current.attempt} is about to be opened` };
  }
  if (half.state === "PENDING" || half.state === "PROCESSING") {
    return { kind: "in_flight", why: `its run is ${half.state}` };
  }
  const delta = await readDelta(deps, run, half.deltaPrefix);
  if (typeof delta === "string") return { kind: "without_delta", why: delta };
  if (half.state === "FAILED") return { kind: "failed", why: half.error ?? "its run FAILED" };
  const facts = await deps.items.factsOf(document, deps.target.collection);
  return { kind: "vectors", vectors: vectorsOf(withKnown(delta, facts), current) };
}

/**
 * The expected vectors of a document, and whether its content is current. An unreadable item is reported for its
 * document and does not end the walk (F26).
 */
export async function lookUp(
  deps: TruthDeps,
  document: DocumentRef,
): Promise<{ readonly expected: Expected | undefined; readonly isActive: boolean }> {
  try {
    const current = await deps.runs.current(document);
    const expected = await expectedOf(deps, document, current);
    return { expected, isActive: expected !== undefined && current?.state === "ACTIVE" };
  } catch (error) {
    if (!(error instanceof ItemUnreadableError)) throw error;
    return { expected: { kind: "without_run", why: error.message }, isActive: true };
  }
}

/** The run, or the reason why there is none. */
async function findRun({ runs }: TruthDeps, ref: RunRef): Promise<CompactionRun | string> {
  try {
    return (await runs.find(ref)) ?? `the ${documentModel.noun}s table has no run ${ref.runId}`;
  } catch (error) {
    if (error instanceof ItemUnreadableError) return error.message;
    throw error;
  }
}

function withoutRun({ revision }: CurrentRun, why: string): Expected {
  const isFresh = Date.now() - revision < mendedWithinMs;
  return isFresh ? { kind: "in_flight", why } : { kind: "without_run", why };
}

/** The delta, or the reason why it cannot be used. */
async function readDelta(deps: TruthDeps, run: CompactionRun, prefix: string): Promise<Delta | string> {
  const key = deltaKey(prefix);
  const bytes = await deps.deltas.get(key);
  if (bytes === undefined) return `there is no object ${key}`;
  try {
    const delta = decodeDelta(bytes);
    checkDelta(delta, key, run, deps.target);
    return delta;
  } catch (error) {
    if (error instanceof DeltaUnreadableError || error instanceof DeltaMismatchedError)
      return `${key}: ${error.message}`;
    throw error;
  }
}

/** The vectors of the delta without those removed since. */
function vectorsOf(delta: Delta, current: CurrentRun): ExpectedVector[] {
  return delta.ids.flatMap((id, position) => {
    if (isGone({ id }, current)) return [];
    const document = delta.documents[position] ?? "";
    const metadata = delta.metadatas[position] ?? {};
    return [{ id, document, metadata, numbers: () => vectorAt(delta, position) }];
  });
}
