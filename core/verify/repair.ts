import { collections } from "../../contract/collections.ts";
import { DeltaUnreadableError, decodeDelta } from "../deltas/codec.ts";
import type { DeltaStore } from "../deltas/delta-store.ts";
import { type DeltaName, deltaKey, deltaPrefix, isSameDelta } from "../deltas/keys.ts";
import { type DocumentRef, documentModel } from "../documents/documents.ts";
import { inParallel } from "../resilience/in-parallel.ts";
import type { CompactionRun } from "../runs/compaction-run.ts";
import { redriveDocument } from "../runs/redrive-document.ts";
import type { RunQueues } from "../runs/run-queues.ts";
import type { RunRef, RunStore } from "../runs/run-store.ts";
import { ItemUnreadableError } from "../unreadable-item.ts";
import { type Pace, paced } from "./paced.ts";
import { type Fault, type Finding, keyOfFinding } from "./report.ts";

const readsAtOnce = 16;

export interface RepairDeps extends Pace {
  readonly runs: RunStore;
  readonly queues: RunQueues;
  readonly deltas: Pick<DeltaStore, "get">;
  /**
   * Sends the embed message of a run again, with the original revision. Resolves to false if the run's rows do not
   * exist.
   */
  readonly embedAgain: (run: RunRef, revision: number) => Promise<boolean>;
  /** ISO time; distinguishes the messages of this repair from those of others. */
  readonly time: string;
}

export interface Repaired {
  /** Number of redriven documents, including those that were embedded again. */
  readonly redriven: number;
  /** Number of documents that were embedded again. */
  readonly embeddedAgain: number;
  /** Number of documents that were not completed in time; the next verify shows their state. */
  readonly unfinished: number;
  /** Number of documents whose run has failed again. */
  readonly failedAgain: number;
}

/** Faults that redriving the run repairs, and faults for which the run must be embedded again. */
const redriven: readonly Fault[] = ["differs", "failed"];
const embeddedAgain: readonly Fault[] = ["without_run", "without_delta"];

export function isRepairable({ fault }: Finding): boolean {
  return redriven.includes(fault) || embeddedAgain.includes(fault);
}

/**
 * Repairs what the stored data allows: embeds documents with lost runs or deltas again from their rows, then makes both
 * collections rebuild the documents. Vectors of unknown documents stay, because they may be the only copy. The next
 * verify shows the outcome.
 */
export async function repair(deps: RepairDeps, findings: readonly Finding[]): Promise<Repaired> {
  const lost = await embedLost(deps, documentsWith(findings, embeddedAgain));
  const documents = [...documentsWith(findings, redriven), ...lost.embedded];
  const untaken = await paced(
    deps,
    documents,
    (document) => unlessUnreadable(() => redriveDocument(deps, document, deps.time)),
    (document) => isTaken(deps.runs, document),
  );
  const taken = documents.filter((document) => !untaken.includes(document));
  return {
    redriven: documents.length,
    embeddedAgain: lost.embedded.length,
    unfinished: untaken.length + lost.waiting.length,
    failedAgain: await countFailed(deps.runs, taken),
  };
}

async function countFailed(runs: RunStore, documents: readonly DocumentRef[]): Promise<number> {
  let failed = 0;
  await inParallel(documents, readsAtOnce, async (document) => {
    const run = await currentRun(runs, document);
    if (collections.some((collection) => run?.halves[collection].state === "FAILED")) failed += 1;
  });
  return failed;
}

async function embedLost(deps: RepairDeps, documents: readonly DocumentRef[]) {
  const sent = new Set<DocumentRef>();
  const waiting = await paced(
    deps,
    documents,
    async (document) => {
      const { runId, revision = 0 } = (await unlessUnreadable(() => deps.runs.current(document))) ?? {};
      if (runId !== undefined && (await deps.embedAgain({ ...document, runId }, revision)))
        sent.add(document);
    },
    async (document) => !sent.has(document) || isEmbedded(deps, document),
  );
  const embedded = documents.filter((document) => sent.has(document) && !waiting.includes(document));
  return { embedded, waiting };
}

async function isEmbedded({ runs, deltas }: RepairDeps, document: DocumentRef): Promise<boolean> {
  const run = await currentRun(runs, document);
  if (run === undefined) return false;
  for (const collection of collections) {
    const bytes = await deltas.get(deltaKey(deltaPrefix({ ...run, collection })));
    if (bytes === undefined || !isDeltaOf(bytes, { ...run, collection })) return false;
  }
  return true;
}

/** A document without a run counts as taken, because nothing shows when its message is processed. */
async function isTaken(runs: RunStore, document: DocumentRef): Promise<boolean> {
  const run = await currentRun(runs, document);
  if (run === undefined) return true;
  return collections.every((collection) => ["COMPLETED", "FAILED"].includes(run.halves[collection].state));
}

async function currentRun(runs: RunStore, document: DocumentRef): Promise<CompactionRun | undefined> {
  return unlessUnreadable(async () => {
    const current = await runs.current(document);
    if (current?.state !== "ACTIVE" || current.runId === undefined) return undefined;
    return runs.find({ ...document, runId: current.runId });
  });
}

/**
 * Resolves to undefined if the document's items cannot be read: the next look reports it, and the others are repaired
 * (F26).
 */
async function unlessUnreadable<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ItemUnreadableError) return undefined;
    throw error;
  }
}

function isDeltaOf(bytes: Uint8Array, name: DeltaName): boolean {
  try {
    return isSameDelta(decodeDelta(bytes), name);
  } catch (error) {
    if (error instanceof DeltaUnreadableError) return false;
    throw error;
  }
}

/** Each document once, because both collections may report it. */
function documentsWith(findings: readonly Finding[], faults: readonly Fault[]): DocumentRef[] {
  const keys = new Set(findings.filter(({ fault }) => faults.includes(fault)).map(keyOfFinding));
  return [...keys].flatMap((key) => documentModel.ofKey(key) ?? []);
}
