import type { DocumentRef } from "../documents/documents.ts";
import { afterRemovals, type CurrentRun, type Removal } from "./current-run.ts";
import type { RunStore } from "./run-store.ts";

/**
 * Records removals as tombstones, unless newer content supersedes them. Resolves to the resulting CURRENT. Idempotent.
 */
export async function recordRemovals(
  runs: Pick<RunStore, "current" | "moveCurrent">,
  document: DocumentRef,
  removals: readonly Removal[],
  now = Date.now(),
): Promise<CurrentRun | undefined> {
  for (;;) {
    const current = await runs.current(document);
    const next = afterRemovals(current, removals, now);
    if (next === undefined) return current;
    await runs.moveCurrent(document, current, next);
  }
}
