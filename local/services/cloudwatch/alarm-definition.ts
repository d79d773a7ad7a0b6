import { z } from "zod";
import { AwsError } from "../../protocol/service.ts";
import { dimensionList, MetricQueries, type MetricQuery, metricQuery, wirePeriod } from "./metric-queries.ts";
import { wireBoolean, wireNumber } from "./wire-types.ts";

const comparisons = {
  GreaterThanThreshold: (value: number, threshold: number) => value > threshold,
  GreaterThanOrEqualToThreshold: (value: number, threshold: number) => value >= threshold,
  LessThanThreshold: (value: number, threshold: number) => value < threshold,
  LessThanOrEqualToThreshold: (value: number, threshold: number) => value <= threshold,
} as const;

export type Comparison = keyof typeof comparisons;

const actions = z.array(z.string()).max(5).default([]);
const periods = wireNumber.refine((count) => Number.isInteger(count) && count > 0, {
  message: "must be a whole number of at least 1",
});

/** Input of PutMetricAlarm. */
export const putMetricAlarm = z
  .strictObject({
    AlarmName: z.string().min(1).max(255),
    AlarmDescription: z.string().max(1024).optional(),
    ActionsEnabled: wireBoolean.default(true),
    OKActions: actions,
    AlarmActions: actions,
    InsufficientDataActions: actions,
    MetricName: z.string().min(1).optional(),
    Namespace: z.string().min(1).optional(),
    Statistic: z.enum(["Sum", "Average", "Minimum", "Maximum", "SampleCount"]).optional(),
    ExtendedStatistic: z.string().startsWith("p").optional(),
    Dimensions: dimensionList,
    Period: wirePeriod.optional(),
    Unit: z.string().optional(),
    Metrics: z.array(metricQuery).max(20).optional(),
    EvaluationPeriods: periods,
    DatapointsToAlarm: periods.optional(),
    Threshold: wireNumber,
    ComparisonOperator: z.enum(Object.keys(comparisons) as [Comparison, ...Comparison[]]),
    TreatMissingData: z.enum(["breaching", "notBreaching", "ignore", "missing"]).default("missing"),
    EvaluateLowSampleCountPercentile: z.string().optional(),
    Tags: z.unknown().optional(),
  })
  .superRefine((alarm, { addIssue }) => {
    const refuse = (message: string) => addIssue({ code: "custom", message, input: alarm });
    const single = [
      alarm.MetricName,
      alarm.Namespace,
      alarm.Period,
      alarm.Statistic ?? alarm.ExtendedStatistic,
    ];
    const given = single.filter((part) => part !== undefined).length;
    if (alarm.Metrics === undefined && given < single.length) {
      refuse("an alarm on one metric needs MetricName, Namespace, Period and a statistic");
    }
    if (alarm.Metrics !== undefined && given > 0) refuse("Metrics cannot be used together with MetricName");
    const returned = alarm.Metrics?.filter(({ ReturnData }) => ReturnData).length ?? 1;
    if (returned !== 1) refuse(`exactly one element of Metrics must return data, and ${returned} do`);
    if ((alarm.DatapointsToAlarm ?? 1) > alarm.EvaluationPeriods) {
      refuse("DatapointsToAlarm must not exceed EvaluationPeriods");
    }
  });

export type AlarmDefinition = z.infer<typeof putMetricAlarm>;

/** CloudWatch looks back one day, or seven for periods of an hour and more. */
const maxSeconds = { minutes: 86_400, hours: 604_800 };

/** Returns the queries of an alarm, one of which returns data. Throws ValidationError. */
export function queriesOf(alarm: AlarmDefinition): MetricQueries {
  const queries = new MetricQueries(alarm.Metrics ?? [singleQuery(alarm)]);
  const seconds = (queries.periodMs / 1000) * alarm.EvaluationPeriods;
  const most = queries.periodMs < 3_600_000 ? maxSeconds.minutes : maxSeconds.hours;
  if (seconds > most) {
    throw new AwsError(
      400,
      "ValidationError",
      `Metrics cannot be checked across more than ${most === maxSeconds.minutes ? "a day" : "a week"} (EvaluationPeriods * Period must be <= ${most}).`,
    );
  }
  return queries;
}

function singleQuery(alarm: AlarmDefinition): MetricQuery {
  return {
    Id: "m1",
    ReturnData: true,
    MetricStat: {
      Metric: {
        Namespace: alarm.Namespace ?? "",
        MetricName: alarm.MetricName ?? "",
        Dimensions: alarm.Dimensions,
      },
      Period: alarm.Period ?? 60,
      Stat: alarm.Statistic ?? alarm.ExtendedStatistic ?? "",
    },
  };
}

export function breaches({ ComparisonOperator, Threshold }: AlarmDefinition, value: number): boolean {
  return comparisons[ComparisonOperator](value, Threshold);
}
