import { z } from "zod";
import { AwsError } from "../../protocol/service.ts";
import { minuteMs, minuteOf } from "./clock.ts";
import type { CloudWatch } from "./cloudwatch.ts";
import { dimensionList, MetricQueries, metricId, metricQuery, wirePeriod } from "./metric-queries.ts";
import { readStatistic, type Samples, samplesOf } from "./statistics.ts";
import { wireNumber, wireTime } from "./wire-types.ts";

export type Output = Record<string, unknown>;
export type Action = (cloudWatch: CloudWatch, input: Record<string, unknown>) => Output;

const maxDatapoints = 100_800;

/** An action whose input is checked first. Throws InvalidParameterValue, naming each field. */
export function action<S extends z.ZodType>(
  schema: S,
  run: (cloudWatch: CloudWatch, input: z.infer<S>) => Output,
): Action {
  return (cloudWatch, input) => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return run(cloudWatch, parsed.data);
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new AwsError(400, "InvalidParameterValue", `The input is not valid: ${problems.join("; ")}`);
  };
}

/** A page of a list whose token is the place in it. */
export function pageOf<T>(list: readonly T[], token: number, size: number) {
  const end = token + size;
  return { page: list.slice(token, end), NextToken: end < list.length ? String(end) : undefined };
}

export const pageToken = z.coerce.number().int().min(0).default(0);

const datum = z.object({
  MetricName: z.string().min(1),
  Dimensions: dimensionList,
  Timestamp: wireTime.optional(),
  Value: wireNumber.optional(),
  Values: z.array(wireNumber).max(150).optional(),
  Counts: z.array(wireNumber).max(150).optional(),
  StatisticValues: z
    .object({ SampleCount: wireNumber, Sum: wireNumber, Minimum: wireNumber, Maximum: wireNumber })
    .optional(),
});

function samplesOfDatum({ Value, Values, Counts, StatisticValues }: z.infer<typeof datum>): Samples[] {
  if (Value !== undefined) return [samplesOf(Value)];
  if (Values !== undefined) return Values.map((value, index) => samplesOf(value, Counts?.[index] ?? 1));
  if (StatisticValues === undefined) {
    throw new AwsError(400, "MissingRequiredParameter", "A datum needs Value, Values or StatisticValues.");
  }
  const { SampleCount: count, Sum: sum, Minimum: min, Maximum: max } = StatisticValues;
  return [{ count, sum, min, max, values: new Map([[max, count]]) }];
}

export const metricActions: Readonly<Record<string, Action>> = {
  PutMetricData: action(
    z.object({
      Namespace: z
        .string()
        .min(1)
        .refine((name) => !name.startsWith("AWS/"), { message: "is of AWS itself" }),
      MetricData: z.array(datum).max(1000).default([]),
    }),
    (cloudWatch, { Namespace, MetricData }) => {
      const now = cloudWatch.clock.now();
      for (const data of MetricData) {
        const metric = metricId(Namespace, data.MetricName, data.Dimensions);
        for (const samples of samplesOfDatum(data))
          cloudWatch.store.add(metric, samples, data.Timestamp ?? now);
      }
      return {};
    },
  ),

  ListMetrics: action(
    z.object({
      Namespace: z.string().optional(),
      MetricName: z.string().optional(),
      Dimensions: z.array(z.object({ Name: z.string(), Value: z.string().optional() })).default([]),
      RecentlyActive: z.literal("PT3H").optional(),
      NextToken: pageToken,
    }),
    (cloudWatch, wanted) => {
      cloudWatch.refresh();
      const since = wanted.RecentlyActive ? cloudWatch.clock.now() - 180 * minuteMs : 0;
      const found = cloudWatch.store
        .list()
        .filter(
          ({ metric, lastAt }) =>
            lastAt >= since &&
            (wanted.Namespace ?? metric.namespace) === metric.namespace &&
            (wanted.MetricName ?? metric.name) === metric.name &&
            wanted.Dimensions.every(
              ({ Name, Value }) =>
                Name in metric.dimensions && (Value ?? metric.dimensions[Name]) === metric.dimensions[Name],
            ),
        );
      const { page, NextToken } = pageOf(found, wanted.NextToken, 500);
      const Metrics = page.map(({ metric }) => ({
        Namespace: metric.namespace,
        MetricName: metric.name,
        Dimensions: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
      }));
      return { Metrics, NextToken };
    },
  ),

  GetMetricData: action(
    z.object({
      MetricDataQueries: z.array(metricQuery).min(1).max(500),
      StartTime: wireTime,
      EndTime: wireTime,
      ScanBy: z.enum(["TimestampDescending", "TimestampAscending"]).default("TimestampDescending"),
    }),
    (cloudWatch, { MetricDataQueries, StartTime, EndTime, ScanBy }) => {
      cloudWatch.refresh();
      const queries = new MetricQueries(MetricDataQueries);
      const range = rangeOf(StartTime, EndTime, queries.periodMs);
      const MetricDataResults = queries.results(cloudWatch.store, range).map(({ query, datapoints }) => {
        const inOrder = [...datapoints].sort(([a], [b]) => (ScanBy === "TimestampAscending" ? a - b : b - a));
        return {
          Id: query.Id,
          Label: query.Label ?? query.MetricStat?.Metric.MetricName ?? query.Id,
          Timestamps: inOrder.map(([time]) => new Date(time)),
          Values: inOrder.map(([, value]) => value),
          StatusCode: "Complete",
        };
      });
      return { MetricDataResults, Messages: [] };
    },
  ),

  GetMetricStatistics: action(
    z.object({
      Namespace: z.string().min(1),
      MetricName: z.string().min(1),
      Dimensions: dimensionList,
      StartTime: wireTime,
      EndTime: wireTime,
      Period: wirePeriod,
      Statistics: z.array(z.enum(["Sum", "Average", "Minimum", "Maximum", "SampleCount"])).default([]),
      ExtendedStatistics: z.array(z.string()).default([]),
    }),
    (cloudWatch, wanted) => {
      cloudWatch.refresh();
      const metric = metricId(wanted.Namespace, wanted.MetricName, wanted.Dimensions);
      const periodMs = wanted.Period * 1000;
      const range = { ...rangeOf(wanted.StartTime, wanted.EndTime, periodMs), periodMs };
      const byTime = new Map<number, Output>();
      for (const statistic of [...wanted.Statistics, ...wanted.ExtendedStatistics]) {
        readStatistic(statistic);
        for (const [time, value] of cloudWatch.store.datapoints(metric, statistic, range)) {
          const point = byTime.get(time) ?? { Timestamp: new Date(time), Unit: "None" };
          byTime.set(time, point);
          if (wanted.ExtendedStatistics.includes(statistic)) {
            point.ExtendedStatistics = { ...(point.ExtendedStatistics as object), [statistic]: value };
          } else {
            point[statistic] = value;
          }
        }
      }
      return { Label: wanted.MetricName, Datapoints: [...byTime.values()] };
    },
  ),
};

function rangeOf(start: number, end: number, periodMs: number) {
  if (end <= start) {
    throw new AwsError(400, "InvalidParameterCombination", "StartTime must be less than EndTime.");
  }
  if ((end - start) / periodMs > maxDatapoints) {
    throw new AwsError(
      400,
      "InvalidParameterCombination",
      `More than ${maxDatapoints} data points are asked for.`,
    );
  }
  return { from: minuteOf(start), to: end };
}
