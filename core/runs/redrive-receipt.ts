import type { ReceiptRef } from "../receipts/receipt.ts";
import type { RunQueues } from "./run-queues.ts";
import type { RunStore } from "./run-store.ts";

/**
 * Has both collections make a receipt's vectors anew from its current run and its items: the run gets a next attempt.
 * Of a receipt without one, only what is left of it goes. A crash in between is mended by the sweeper, as the run is
 * listed as open by then, or by doing it again. `time` is ISO, and tells one call from another.
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
    // One that was asked for already is as good: since then the run counts, so nobody closed it unapplied.
    const attempt = Math.max(known.attempts + 1, current.attempt);
    if ((await runs.moveCurrent(receipt, current, { ...current, attempt })) === "refused") continue;
    await runs.reopen(run, attempt);
    const reopened = await runs.find(run);
    if (reopened) await queues.redrive(reopened, time);
    return;
  }
}
