/** Counts what happened, for operators; the function's Powertools Metrics fits it through an adapter. */
export interface Metrics {
  count(name: string, value: number): void;
}

/** For callers that nobody watches. */
export const silentMetrics: Metrics = { count() {} };
