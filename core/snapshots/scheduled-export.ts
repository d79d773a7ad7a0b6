import type { Metrics } from "../metrics.ts";
import { type ExportDeps, type ExportOutcome, exportSnapshot } from "./export-snapshot.ts";
import type { SnapshotAnswer } from "./snapshot-request.ts";

export interface ScheduledExportDeps extends ExportDeps {
  readonly metrics: Metrics;
  /** Metrics that are separate for each collection. */
  readonly collectionMetrics: Metrics;
}

/**
 * Exports the published content, and measures by how many seconds the newest snapshot is outdated: zero after an export,
 * so that no value at all shows an export that never ran.
 */
export async function scheduledExport(deps: ScheduledExportDeps, deadline: number): Promise<SnapshotAnswer> {
  const { store, metrics, collectionMetrics, now } = deps;
  const behind = (seconds: number) => collectionMetrics.gauge("SnapshotSecondsBehind", seconds, "Seconds");
  try {
    const outcome = await exportSnapshot(deps, deadline);
    if (outcome.state === "written") metrics.count("SnapshotsWritten", 1);
    behind(0);
    return answerOf(outcome);
  } catch (error) {
    // An error of this measurement must not hide the error of the export.
    const latest = await store.latest().catch(() => undefined);
    if (latest) behind(Math.round((now() - Date.parse(latest.pointer.created_at)) / 1000));
    throw error;
  }
}

function answerOf(outcome: ExportOutcome): SnapshotAnswer {
  if (outcome.state === "nothing") return { state: "nothing" };
  return { state: outcome.state, latest: outcome.latest };
}
