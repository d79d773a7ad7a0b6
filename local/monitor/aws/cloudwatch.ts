import {
  type MetricDataQuery,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
} from "@aws-sdk/client-cloudwatch";
import { z } from "zod";
import { accountId, region } from "../../protocol/account.ts";
import { parseInputs } from "../inputs.ts";
import { physicalName } from "../names.ts";
import type { Created, Creators, Declared } from "../resource.ts";

const dimensions = z.record(z.string(), z.string()).default({});

const metricQuery = z.strictObject({
  id: z.string(),
  expression: z.string().optional(),
  label: z.string().optional(),
  period: z.number().optional(),
  returnData: z.boolean().default(false),
  metric: z
    .strictObject({
      namespace: z.string(),
      metricName: z.string(),
      dimensions,
      stat: z.string(),
      period: z.number(),
      unit: z.string().optional(),
    })
    .optional(),
});

const actions = z.array(z.string()).optional();

const metricAlarm = z.strictObject({
  name: z.string().optional(),
  alarmDescription: z.string().optional(),
  actionsEnabled: z.boolean().optional(),
  alarmActions: actions,
  okActions: actions,
  insufficientDataActions: actions,
  namespace: z.string().optional(),
  metricName: z.string().optional(),
  dimensions: dimensions.optional(),
  statistic: z.string().optional(),
  extendedStatistic: z.string().optional(),
  unit: z.string().optional(),
  period: z.number().optional(),
  metricQueries: z.array(metricQuery).optional(),
  evaluationPeriods: z.number(),
  datapointsToAlarm: z.number().optional(),
  threshold: z.number(),
  comparisonOperator: z.string(),
  treatMissingData: z.string().optional(),
  tags: z.unknown().optional(),
});

export const cloudwatchCreators: Creators = {
  "aws:cloudwatch/dashboard:Dashboard": dashboard,

  async "aws:cloudwatch/metricAlarm:MetricAlarm"({ name, inputs }, { cloudwatch }) {
    const wanted = parseInputs(metricAlarm, inputs);
    const alarmName = physicalName(wanted.name, name);
    const input = {
      AlarmName: alarmName,
      AlarmDescription: wanted.alarmDescription,
      ActionsEnabled: wanted.actionsEnabled,
      AlarmActions: wanted.alarmActions,
      OKActions: wanted.okActions,
      InsufficientDataActions: wanted.insufficientDataActions,
      Namespace: wanted.namespace,
      MetricName: wanted.metricName,
      Dimensions: wanted.dimensions && namesAndValues(wanted.dimensions),
      Statistic: wanted.statistic,
      ExtendedStatistic: wanted.extendedStatistic,
      Unit: wanted.unit,
      Period: wanted.period,
      Metrics: wanted.metricQueries?.map(queryOf),
      EvaluationPeriods: wanted.evaluationPeriods,
      DatapointsToAlarm: wanted.datapointsToAlarm,
      Threshold: wanted.threshold,
      ComparisonOperator: wanted.comparisonOperator,
      TreatMissingData: wanted.treatMissingData,
    };
    await cloudwatch.send(new PutMetricAlarmCommand(input as PutMetricAlarmCommandInput));
    const arn = `arn:aws:cloudwatch:${region}:${accountId}:alarm:${alarmName}`;
    return { id: alarmName, outputs: { arn, name: alarmName } };
  },
};

function queryOf({
  id,
  expression,
  label,
  period,
  returnData,
  metric,
}: z.infer<typeof metricQuery>): MetricDataQuery {
  return {
    Id: id,
    Expression: expression,
    Label: label,
    Period: period,
    ReturnData: returnData,
    MetricStat: metric && {
      Metric: {
        Namespace: metric.namespace,
        MetricName: metric.metricName,
        Dimensions: namesAndValues(metric.dimensions),
      },
      Stat: metric.stat,
      Period: metric.period,
    },
  };
}

function namesAndValues(pairs: Readonly<Record<string, string>>) {
  return Object.entries(pairs).map(([Name, Value]) => ({ Name, Value }));
}

function dashboard({ inputs }: Declared): Created {
  // CloudWatch refuses a body that is not JSON.
  JSON.parse(String(inputs.dashboardBody));
  const arn = `arn:aws:cloudwatch::${accountId}:dashboard/${inputs.dashboardName}`;
  return { id: String(inputs.dashboardName), outputs: { dashboardArn: arn } };
}
