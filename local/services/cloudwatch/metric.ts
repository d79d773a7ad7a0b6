/**
 * Identifies one series of data points. Different sets of dimensions are different series, even if one contains the
 * other.
 */
export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Receives measurements of the local services. */
export interface MetricSink {
  record(metric: MetricId, value: number): void;
}

export const noMetrics: MetricSink = { record() {} };

export function seriesKey({ namespace, name, dimensions }: MetricId): string {
  return JSON.stringify([
    namespace,
    name,
    ...Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
}
