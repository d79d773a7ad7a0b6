import type { ReceiptRef } from "../receipts/receipt.ts";
import { afterRemovals, type CurrentRun, type Removal } from "./current-run.ts";
import type { RunStore } from "./run-store.ts";

/** Writes tombstones for removals that no newer content supersedes. Resolves to the resulting CURRENT. Idempotent. */
export async function recordRemovals(
  runs: Pick<RunStore, "current" | "moveCurrent">,
  receipt: ReceiptRef,
  removals: readonly Removal[],
  now = Date.now(),
): Promise<CurrentRun | undefined> {
  for (;;) {
    const current = await runs.current(receipt);
    const next = afterRemovals(current, removals, now);
    if (next === undefined) return current;
    await runs.moveCurrent(receipt, current, next);
  }
}
