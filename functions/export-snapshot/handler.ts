import { loggedMetrics } from "../../core/metrics.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { scheduledExport } from "../../core/snapshots/scheduled-export.ts";
import { parseSnapshotRequest, type SnapshotAnswer } from "../../core/snapshots/snapshot-request.ts";
import { exportSnapshotConfig } from "./config.ts";
import { exportSnapshotDeps } from "./deps.ts";

/** Exports the published content of a collection, for a schedule or an operator. */
export const handler = defineFunction({
  name: "export-snapshot",
  config: exportSnapshotConfig,
  deps: exportSnapshotDeps,
  metrics: "export-snapshot",
  reserveMs: 20_000,
  async handle(event: unknown, { depsOf }, { giveUpAt }): Promise<SnapshotAnswer> {
    const { collection } = parseSnapshotRequest(event);
    const deadline = monotonicClock.now() + giveUpAt - Date.now();
    const ofCollection = loggedMetrics("export-snapshot", collection);
    return scheduledExport(depsOf(collection, ofCollection), deadline).finally(() => ofCollection.write());
  },
});
