import { MetricUnit, Metrics as PowertoolsMetrics } from "@aws-lambda-powertools/metrics";
import type { Collection } from "./receipts/receipt.ts";

/** Every metric of the product, by the service that writes it. Alarms use these names. */
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
  "image-processor": ["ImagesProcessed", "ImagesRejected"],
  "image-analyzer": [
    "AnalysesDeferred",
    "AnalysesRefused",
    "AnalysesStored",
    "VisionInputTokens",
    "VisionMicroUsd",
    "VisionOutputTokens",
  ],
  "image-embedder": ["ImagesEmbedded"],
} as const;

export type MeasuredService = keyof typeof metricsOf;
export type MetricName = (typeof metricsOf)[MeasuredService][number];

/** Counters and gauges for operators. */
export interface Metrics {
  count(name: MetricName, value: number): void;
  /** Records a current value. */
  gauge(name: MetricName, value: number, unit: "Bytes" | "Count" | "Seconds"): void;
}

/** For callers without monitoring. */
export const silentMetrics: Metrics = { count() {}, gauge() {} };

/** Metrics as log lines in CloudWatch's embedded metric format: no API call, no permission. */
export interface LoggedMetrics extends Metrics {
  /** Writes the metrics since the last write, if any. */
  write(): void;
}

/**
 * The namespace comes from POWERTOOLS_METRICS_NAMESPACE, which infra/ sets to the stack's name. With a collection, the
 * metrics have it as a dimension and are separate from the service's.
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

/** The same for a process without invocations: each metric is written at once. */
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
