import type { ShardName } from "../../../contract/collections.ts";
import { type CurrentFacts, type DocumentRef, documentModel } from "../../documents/documents.ts";
import { errorFields, type Log } from "../../log.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import type { CurrentRun, Removal } from "../../runs/current-run.ts";
import { recordRemovals } from "../../runs/record-removals.ts";
import type { CurrentOf, RunRef, RunStore } from "../../runs/run-store.ts";
import { ItemUnreadableError, isValidationError } from "../../unreadable-item.ts";
import { InputError } from "../../vectorkeep-error.ts";
import { LeaseLostError } from "../lease/lease.ts";
import {
  type DocumentWork,
  messagesOf,
  type RunWork,
  type StartedDocument,
} from "../messages/document-work.ts";
import type { FailedMessages } from "../messages/failed-messages.ts";
import type { MessagesInFlight } from "../messages/messages-in-flight.ts";
import { CycleAbandonedError } from "./cycle-stop.ts";

const documentsAtOnce = 16;

/** A run is held under a token that no lease has ever issued. */
export class TokenAheadError extends InputError {
  constructor(run: RunRef, shard: ShardName, token: number) {
    super(
      `Run ${run.runId} (${documentModel.keyOf(run)}) is held in ${shard} under a higher token than the lease's, ${token}.`,
      "Another writer or an edit has set it. Set that token in the run's item to 0, then replay its message with `npm run failed`.",
    );
  }
}

export interface StartDeps {
  readonly token: number;
  /** Throws LeaseLostError if another process holds the lease. */
  readonly confirmLease: () => Promise<void>;
  readonly runs: RunStore;
  readonly items: Pick<CurrentFacts, "existing">;
  readonly messages: MessagesInFlight;
  readonly failed: FailedMessages;
  readonly log: Log;
  /** Nothing is written after it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts the runs of these documents and records their removals as tombstones. Resolves to the documents that have
 * changes to apply. All other messages are finished here: those of completed runs, and those of superseded runs, which
 * are completed with no vectors. A failing document does not affect the others (F26): if its items cannot be read, its
 * messages count a failure; if a table does not answer, they are redelivered. Throws LeaseLostError, and the first
 * failure if no document could be started.
 */
export async function startDocuments(
  deps: StartDeps,
  shard: ShardName,
  works: readonly DocumentWork[],
): Promise<StartedDocument[]> {
  const begun: BegunDocument[] = [];
  const documents: StartedDocument[] = [];
  const outages: unknown[] = [];
  await eachApart(deps, works, outages, async (work) => {
    begun.push({ ...work, ...(await startRuns(deps, shard, work.runs)) });
  });
  // Read only after the runs are started: a run that becomes current after this read is also reopened, and reopening
  // makes a completion under the earlier start fail.
  const currentOf = await deps.runs.currents(
    begun.filter(({ removals }) => removals.length === 0).map(({ document }) => document),
  );
  await eachApart(deps, begun, outages, async (work) => {
    const document = await settled(deps, shard, work, currentOf);
    if (document.run || document.changeMessages.length > 0) documents.push(document);
  });
  if (outages.length > 0 && outages.length === works.length) throw outages[0];
  return documents;
}

interface BegunDocument extends DocumentWork, StartedRuns {}

/**
 * Runs `start` for every document. A failing document does not affect the others; if a table did not answer for it, the
 * error is added to `outages`.
 */
async function eachApart<Work extends DocumentWork>(
  deps: StartDeps,
  works: readonly Work[],
  outages: unknown[],
  start: (work: Work) => Promise<void>,
): Promise<void> {
  await inParallel(works, documentsAtOnce, async (work) => {
    try {
      await start(work);
    } catch (error) {
      if (endsTheCycle(error)) throw error;
      if (isOwnFailure(error)) await deps.failed.ofMessages(messagesOf(work), error.message);
      else outages.push(logOutage(deps, work, error));
    }
  });
}

function endsTheCycle(error: unknown): boolean {
  return error instanceof LeaseLostError || error instanceof CycleAbandonedError;
}

/** Whether the error repeats on every delivery until somebody corrects the document's items. */
function isOwnFailure(error: unknown): error is Error {
  return error instanceof ItemUnreadableError || error instanceof TokenAheadError || isValidationError(error);
}

function logOutage({ log }: StartDeps, { document }: DocumentWork, error: unknown): unknown {
  log.error(`A ${documentModel.noun} could not be started; its messages are redelivered`, {
    ...documentModel.toStored(document),
    ...errorFields(error),
  });
  return error;
}

/** Reads which of the started runs is current, and settles the others. */
async function settled(
  deps: StartDeps,
  shard: ShardName,
  { document, started, missing, removals, changeMessages, isDoubted }: BegunDocument,
  currentOf: CurrentOf,
): Promise<StartedDocument> {
  const current = removals.length === 0 ? currentOf(document) : await afterRemovals(deps, document, removals);
  const counts = ({ run }: RunWork) => current?.state === "ACTIVE" && current.runId === run.runId;
  await settleOthers(deps, shard, current, {
    started: started.filter((work) => !counts(work)),
    missing,
    counts,
  });
  return { document, run: started.find(counts), current, changeMessages, isDoubted };
}

interface StartedRuns {
  readonly started: readonly RunWork[];
  readonly missing: readonly RunWork[];
}

async function startRuns(
  { token, runs, messages, confirmLease, signal }: StartDeps,
  shard: ShardName,
  works: readonly RunWork[],
): Promise<StartedRuns> {
  const started: RunWork[] = [];
  const missing: RunWork[] = [];
  for (const work of works) {
    signal?.throwIfAborted();
    const answer = await runs.start(work.run, shard, token);
    if (answer === "fenced") {
      // Tokens only grow, so no process can have been given a higher one while this cycle holds the lease.
      await confirmLease();
      throw new TokenAheadError(work.run, shard, token);
    }
    if (answer === "started") started.push(work);
    if (answer === "completed") messages.finish(work.messages);
    if (answer === "missing") missing.push(work);
  }
  return { started, missing };
}

/** CURRENT with the removals recorded as tombstones, except those of parts that exist again (F11). */
async function afterRemovals(
  { runs, items, signal }: StartDeps,
  document: DocumentRef,
  removals: readonly Removal[],
): Promise<CurrentRun | undefined> {
  const existing = await items.existing(
    document,
    removals.map(({ part }) => part),
  );
  signal?.throwIfAborted();
  return recordRemovals(
    runs,
    document,
    removals.filter(({ part }) => !existing.has(part)),
  );
}

/**
 * Settles the runs that are not applied: completes the superseded ones, and counts a failure for those whose document
 * has no CURRENT item.
 */
async function settleOthers(
  { token, runs, messages, failed, signal }: StartDeps,
  shard: ShardName,
  current: CurrentRun | undefined,
  { started, missing, counts }: StartedRuns & { readonly counts: (work: RunWork) => boolean },
): Promise<void> {
  for (const work of started) {
    signal?.throwIfAborted();
    if (current) {
      await runs.complete(work.run, shard, token, 0);
      messages.finish(work.messages);
    } else {
      await failed.ofRun(
        work,
        `The control table does not say which run of the ${documentModel.noun} is current.`,
      );
    }
  }
  for (const work of missing) {
    if (current && !counts(work)) messages.finish(work.messages);
    else await failed.ofMessages(work.messages, `The ${documentModel.noun}s table has no such run.`);
  }
}
