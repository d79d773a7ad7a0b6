import { MetricUnit, Metrics as PowertoolsMetrics } from "@aws-lambda-powertools/metrics";
import type { Collection } from "./receipts/receipt.ts";

/** Every metric of the product, by the service in whose name it is written. Alarms watch them under these names. */
export const metricsOf = {
  embed: ["MessagesDeferred", "MessagesSuperseded", "RowsRejected"],
  "stream-processor": [
    "RecordsReceived",
    "RecordsSkipped",
    "RecordsOfOthers",
    "RecordsRelevant",
    "RecordsRejected",
    "MessagesSent",
    "MessagesRefused",
  ],
  compaction: [
    "CyclesContended",
    "CyclesFailed",
    "GenerationsPublished",
    "GenerationsRebuilt",
    "LeasesLost",
    "ManifestMismatches",
    "MessagesDeadLettered",
    "PublishConflicts",
    "ReceiptsLeftOut",
    "VectorsRemoved",
    "VectorsUpdated",
    "VectorsWritten",
    "WorkerErrors",
  ],
  sweeper: [
    "DeltasRemoved",
    "FileSystemBytes",
    "FileSystemBytesUnaccounted",
    "OldestOpenRunAge",
    "RunsGivenUp",
    "RunsOpen",
    "RunsRedriven",
  ],
  verify: ["ReceiptsWithoutDelta", "VectorsExtra", "VectorsMissing", "VectorsNotFound", "VectorsStale"],
  "catch-up": ["CatchUpRecordsFailed", "CatchUpRecordsProcessed", "CatchUpTasksFailed"],
  "query-server": ["ManifestMismatches"],
} as const;

export type MeasuredService = keyof typeof metricsOf;
export type MetricName = (typeof metricsOf)[MeasuredService][number];

/** Tells operators what happened, in numbers. */
export interface Metrics {
  count(name: MetricName, value: number): void;
  /** How something stands at the moment. */
  gauge(name: MetricName, value: number, unit: "Bytes" | "Count" | "Seconds"): void;
}

/** For callers that nobody watches. */
export const silentMetrics: Metrics = { count() {}, gauge() {} };

/** Metrics as log lines in CloudWatch's embedded format: they cost no call and need no permission. */
export interface LoggedMetrics extends Metrics {
  /** Writes what was counted since the last time, if anything was. */
  write(): void;
}

/**
 * The namespace comes from POWERTOOLS_METRICS_NAMESPACE, which infra/ sets to the stack's name. Those of a collection are
 * other metrics than those of the whole service.
 */
export function loggedMetrics(serviceName: MeasuredService, collection?: Collection): LoggedMetrics {
  const metrics = new PowertoolsMetrics({
    serviceName,
    ...(collection && { defaultDimensions: { collection } }),
  });
  return {
    count: (name, value) => metrics.addMetric(name, MetricUnit.Count, value),
    gauge: (name, value, unit) => metrics.addMetric(name, MetricUnit[unit], value),
    write() {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    },
  };
}

/** The same for a process without invocations, at whose end they could be written: each is a line of its own. */
export function metricsLoggedAtOnce(serviceName: MeasuredService): Metrics {
  const logged = loggedMetrics(serviceName);
  return {
    count(name, value) {
      logged.count(name, value);
      logged.write();
    },
    gauge(name, value, unit) {
      logged.gauge(name, value, unit);
      logged.write();
    },
  };
}
