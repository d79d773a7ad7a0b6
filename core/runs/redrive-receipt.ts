import type { ReceiptRef } from "../receipts/receipt.ts";
import type { RunQueues } from "./run-queues.ts";
import type { RunStore } from "./run-store.ts";

/**
 * Makes both collections rebuild a receipt's vectors from its current run and items: the run gets a new attempt.
 * Without a current run, leftover vectors are removed. After a crash the sweeper continues, because the run is listed
 * as open, or the call can be repeated. `time` is ISO and distinguishes calls.
 */
export async function redriveReceipt(
  { runs, queues }: { readonly runs: RunStore; readonly queues: RunQueues },
  receipt: ReceiptRef,
  time: string,
): Promise<void> {
  for (;;) {
    const current = await runs.current(receipt);
    if (current?.state !== "ACTIVE" || current.runId === undefined) return queues.lookAgain(receipt, time);
    const run = { ...receipt, runId: current.runId };
    const known = await runs.find(run);
    if (!known) return queues.lookAgain(receipt, time);
    // An attempt that CURRENT already requires suffices: the run is current since then, so no process closed it
    // unapplied.
    const attempt = Math.max(known.attempts + 1, current.attempt);
    if ((await runs.moveCurrent(receipt, current, { ...current, attempt })) === "refused") continue;
    await runs.reopen(run, attempt);
    const reopened = await runs.find(run);
    if (reopened) await queues.redrive(reopened, time);
    return;
  }
}
