import type { DocumentRef } from "../documents/documents.ts";
import type { RunQueues } from "./run-queues.ts";
import type { RunStore } from "./run-store.ts";

/**
 * Makes both collections rebuild a document's vectors from its current run and items, by giving the run a new attempt.
 * If there is no current run, leftover vectors are removed. After a crash the sweeper continues, because the run is
 * listed as open; the call can also be repeated. `time` is ISO and distinguishes calls.
 */
export async function redriveDocument(
  { runs, queues }: { readonly runs: RunStore; readonly queues: RunQueues },
  document: DocumentRef,
  time: string,
): Promise<void> {
  for (;;) {
    const current = await runs.current(document);
    if (current?.state !== "ACTIVE" || current.runId === undefined) return queues.lookAgain(document, time);
    const run = { ...document, runId: current.runId };
    const known = await runs.find(run);
    if (!known) return queues.lookAgain(document, time);
    // If CURRENT already requires a higher attempt than the run's, that attempt is enough: no process can have closed
    // it without applying the run.
    const attempt = Math.max(known.attempts + 1, current.attempt);
    if ((await runs.moveCurrent(document, current, { ...current, attempt })) === "refused") continue;
    await runs.reopen(run, attempt);
    const reopened = await runs.find(run);
    if (reopened) await queues.redrive(reopened, time);
    return;
  }
}
