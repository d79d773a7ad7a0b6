import type { ReceiptRef } from "../receipts/receipt.ts";
import { afterRemovals, type CurrentRun, type Removal } from "./current-run.ts";
import type { RunStore } from "./run-store.ts";

/** Leaves tombstones for removals that no newer content has outdated. Resolves to CURRENT as it then is. Safe to repeat. */
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
