import { MetricUnit, Metrics as PowertoolsMetrics } from "@aws-lambda-powertools/metrics";
import type { Collection } from "../contract/collections.ts";
import type { MeasuredService, MetricName } from "../contract/metrics.ts";

/** Counters and gauges for operators. */
export interface Metrics {
  count(name: MetricName, value: number): void;
  /** Records a current value. */
  gauge(name: MetricName, value: number, unit: "Bytes" | "Count" | "Percent" | "Seconds"): void;
}

/** For callers without monitoring. */
export const silentMetrics: Metrics = { count() {}, gauge() {} };

/**
 * Omits zeros, for metrics of idle processes: CloudWatch bills a metric for each hour in which it is written, and
 * alarms treat missing data as zero.
 */
export function withoutZeros(metrics: Metrics): Metrics {
  return {
    count(name, value) {
      if (value !== 0) metrics.count(name, value);
    },
    gauge(name, value, unit) {
      if (value !== 0) metrics.gauge(name, value, unit);
    },
  };
}

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

/** The same for a process without invocations: each metric is written immediately. */
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
