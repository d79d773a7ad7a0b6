import { AwsError } from "../../protocol/service.ts";

/** Values counted together, as CloudWatch keeps them. */
export interface Samples {
  sum: number;
  count: number;
  min: number;
  max: number;
  /** The count of each value, for percentiles. Only the first `maxDistinctValues` values are kept. */
  readonly values: Map<number, number>;
}

const maxDistinctValues = 1_000;
const percentile = /^p(\d{1,2}(?:\.\d+)?|100)$/;

export function noSamples(): Samples {
  return {
    sum: 0,
    count: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    values: new Map(),
  };
}

/** Changes `into`. */
export function addSamples(into: Samples, { sum, count, min, max, values }: Samples): void {
  into.sum += sum;
  into.count += count;
  into.min = Math.min(into.min, min);
  into.max = Math.max(into.max, max);
  for (const [value, times] of values) {
    if (into.values.has(value) || into.values.size < maxDistinctValues) {
      into.values.set(value, (into.values.get(value) ?? 0) + times);
    }
  }
}

export function samplesOf(value: number, times = 1): Samples {
  return { sum: value * times, count: times, min: value, max: value, values: new Map([[value, times]]) };
}

/** Throws InvalidParameterValue for a statistic that is not known here. */
export function readStatistic(name: string): (samples: Samples) => number {
  switch (name) {
    case "Sum":
      return ({ sum }) => sum;
    case "Average":
      return ({ sum, count }) => sum / count;
    case "Minimum":
      return ({ min }) => min;
    case "Maximum":
      return ({ max }) => max;
    case "SampleCount":
      return ({ count }) => count;
  }
  const [, share] = percentile.exec(name) ?? [];
  if (share === undefined) {
    throw new AwsError(
      400,
      "InvalidParameterValue",
      `The local CloudWatch has no statistic "${name}": use Sum, Average, Minimum, Maximum, SampleCount or a percentile.`,
    );
  }
  return ({ values }) => percentileOf(values, Number(share) / 100);
}

function percentileOf(values: ReadonlyMap<number, number>, share: number): number {
  const sorted = [...values].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, times]) => sum + times, 0);
  let seen = 0;
  for (const [value, times] of sorted) {
    seen += times;
    if (seen >= share * total) return value;
  }
  return sorted.at(-1)?.[0] ?? Number.NaN;
}
