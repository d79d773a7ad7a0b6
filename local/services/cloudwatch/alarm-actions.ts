import { z } from "zod";
import { type Action, action, type Output, pageOf, pageToken } from "./actions.ts";
import { putMetricAlarm } from "./alarm-definition.ts";
import type { Alarm } from "./alarms.ts";
import { wireNumber, wireTime } from "./wire-types.ts";

const alarmState = z.enum(["OK", "ALARM", "INSUFFICIENT_DATA"]);
const pageSize = wireNumber.refine((size) => size >= 1 && size <= 100).default(50);

export const alarmActions: Readonly<Record<string, Action>> = {
  PutMetricAlarm: action(putMetricAlarm, (cloudWatch, definition) => {
    cloudWatch.alarms.put(definition, cloudWatch.clock.now());
    return {};
  }),

  DeleteAlarms: action(
    z.object({ AlarmNames: z.array(z.string()).max(100) }),
    ({ alarms }, { AlarmNames }) => {
      alarms.delete(AlarmNames);
      return {};
    },
  ),

  DescribeAlarms: action(
    z.object({
      AlarmNames: z.array(z.string()).max(100).optional(),
      AlarmNamePrefix: z.string().default(""),
      AlarmTypes: z.array(z.enum(["MetricAlarm", "CompositeAlarm"])).default(["MetricAlarm"]),
      StateValue: alarmState.optional(),
      ActionPrefix: z.string().optional(),
      MaxRecords: pageSize,
      NextToken: pageToken,
    }),
    (cloudWatch, wanted) => {
      cloudWatch.refresh();
      const found = cloudWatch.alarms
        .all()
        .filter(
          ({ definition, state }) =>
            wanted.AlarmTypes.includes("MetricAlarm") &&
            (wanted.AlarmNames?.includes(definition.AlarmName) ?? true) &&
            definition.AlarmName.startsWith(wanted.AlarmNamePrefix) &&
            (wanted.StateValue ?? state) === state &&
            (wanted.ActionPrefix === undefined ||
              definition.AlarmActions.some((arn) => arn.startsWith(wanted.ActionPrefix ?? ""))),
        );
      const { page, NextToken } = pageOf(found, wanted.NextToken, wanted.MaxRecords);
      return { MetricAlarms: page.map(described), CompositeAlarms: [], NextToken };
    },
  ),

  DescribeAlarmHistory: action(
    z.object({
      AlarmName: z.string().optional(),
      HistoryItemType: z.string().optional(),
      StartDate: wireTime.default(0),
      EndDate: wireTime.default(Number.POSITIVE_INFINITY),
      MaxRecords: pageSize,
      NextToken: pageToken,
    }),
    (cloudWatch, wanted) => {
      cloudWatch.refresh();
      const found = cloudWatch.alarms
        .changes()
        .filter(
          ({ alarmName, at }) =>
            (wanted.HistoryItemType ?? "StateUpdate") === "StateUpdate" &&
            (wanted.AlarmName ?? alarmName) === alarmName &&
            at >= wanted.StartDate &&
            at <= wanted.EndDate,
        );
      const { page, NextToken } = pageOf(found, wanted.NextToken, wanted.MaxRecords);
      const AlarmHistoryItems = page.map(({ alarmName, at, from, to, reason }) => ({
        AlarmName: alarmName,
        AlarmType: "MetricAlarm",
        Timestamp: new Date(at),
        HistoryItemType: "StateUpdate",
        HistorySummary: `Alarm updated from ${from} to ${to}`,
        HistoryData: JSON.stringify({
          version: "1.0",
          oldState: { stateValue: from },
          newState: { stateValue: to, stateReason: reason },
        }),
      }));
      return { AlarmHistoryItems, NextToken };
    },
  ),

  SetAlarmState: action(
    z.object({
      AlarmName: z.string(),
      StateValue: alarmState,
      StateReason: z.string(),
      StateReasonData: z.string().optional(),
    }),
    ({ alarms, clock }, { AlarmName, StateValue, StateReason }) => {
      alarms.setState(AlarmName, StateValue, StateReason, clock.now());
      return {};
    },
  ),
};

function described({ definition, arn, updatedAt, state, reason, stateSince }: Alarm): Output {
  const { Tags: _tags, ...shown } = definition;
  return {
    ...shown,
    AlarmArn: arn,
    AlarmConfigurationUpdatedTimestamp: new Date(updatedAt),
    StateValue: state,
    StateReason: reason,
    StateUpdatedTimestamp: new Date(stateSince),
    StateTransitionedTimestamp: new Date(stateSince),
  };
}
