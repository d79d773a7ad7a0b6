import type { Metrics } from "../metrics.ts";
import { type ExportDeps, type ExportOutcome, exportSnapshot } from "./export-snapshot.ts";
import type { SnapshotAnswer } from "./snapshot-request.ts";

export interface ScheduledExportDeps extends ExportDeps {
  readonly metrics: Metrics;
}

/** Exports the published content, and measures for how long the newest snapshot has been outdated. */
export async function scheduledExport(deps: ScheduledExportDeps, deadline: number): Promise<SnapshotAnswer> {
  const { store, metrics, now } = deps;
  try {
    const outcome = await exportSnapshot(deps, deadline);
    if (outcome.state === "written") metrics.count("SnapshotsWritten", 1);
    return answerOf(outcome);
  } catch (error) {
    // An error of this measurement must not hide the error of the export.
    const latest = await store.latest().catch(() => undefined);
    if (latest) {
      const seconds = Math.round((now() - Date.parse(latest.pointer.created_at)) / 1000);
      metrics.gauge("SnapshotSecondsBehind", seconds, "Seconds");
    }
    throw error;
  }
}

function answerOf(outcome: ExportOutcome): SnapshotAnswer {
  if (outcome.state === "nothing") return { state: "nothing" };
  return { state: outcome.state, latest: outcome.latest };
}
