/** Names one series of data points: two sets of dimensions are two series, even where one contains the other. */
export interface MetricId {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** Takes measurements of the local services as they happen. */
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
