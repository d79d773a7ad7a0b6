import type { Metrics } from "../metrics.ts";
import type { ShardReport } from "./report.ts";

/** Every one of these metrics has an alarm on values above zero. */
export function countReport(
  metrics: Metrics,
  { missing, extra, unknown, stale, without_run, without_delta }: ShardReport,
): void {
  metrics.count("VectorsMissing", missing);
  metrics.count("VectorsExtra", extra + unknown);
  metrics.count("VectorsStale", stale);
  metrics.count("ReceiptsWithoutDelta", without_run + without_delta);
}
