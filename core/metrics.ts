import { MetricUnit, Metrics as PowertoolsMetrics } from "@aws-lambda-powertools/metrics";

/** Tells operators what happened, in numbers. */
export interface Metrics {
  count(name: string, value: number): void;
  /** How something stands at the moment. */
  gauge(name: string, value: number, unit: "Count" | "Seconds"): void;
}

/** For callers that nobody watches. */
export const silentMetrics: Metrics = { count() {}, gauge() {} };

/** Metrics as log lines in CloudWatch's embedded format: they cost no call and need no permission. */
export interface LoggedMetrics extends Metrics {
  /** Writes what was counted since the last time, if anything was. */
  write(): void;
}

/** The namespace comes from POWERTOOLS_METRICS_NAMESPACE, which infra/ sets to the stack's name. */
export function loggedMetrics(serviceName: string): LoggedMetrics {
  const metrics = new PowertoolsMetrics({ serviceName });
  return {
    count: (name, value) => metrics.addMetric(name, MetricUnit.Count, value),
    gauge: (name, value, unit) => metrics.addMetric(name, MetricUnit[unit], value),
    write() {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    },
  };
}
