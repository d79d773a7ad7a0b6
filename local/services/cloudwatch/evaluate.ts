import { type AlarmDefinition, breaches } from "./alarm-definition.ts";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** CloudWatch retrieves more periods than it evaluates, so that late data points are no missing ones. */
export const extraPeriods = 2;

/**
 * Returns the state for data points, oldest first, undefined if missing. `before` is kept if missing data is ignored
 * and would decide. Missing data is filled in only if there are fewer data points than evaluation periods.
 */
export function stateOf(
  alarm: AlarmDefinition,
  retrieved: readonly (number | undefined)[],
  before: AlarmState,
): AlarmState {
  const { EvaluationPeriods: evaluated, TreatMissingData: treatment } = alarm;
  const present = retrieved.filter((value) => value !== undefined).slice(-evaluated);
  const breaching = present.filter((value) => breaches(alarm, value)).length;
  const missing = evaluated - present.length;
  const needed = alarm.DatapointsToAlarm ?? evaluated;
  if (breaching >= needed) return "ALARM";
  switch (treatment) {
    case "breaching":
      return breaching + missing >= needed ? "ALARM" : "OK";
    case "notBreaching":
      return "OK";
    case "ignore":
      return breaching + missing >= needed ? before : "OK";
    case "missing":
      if (present.length === 0) return "INSUFFICIENT_DATA";
      return breaching === present.length ? "ALARM" : "OK";
  }
}
