import { type AlarmDefinition, breaches } from "./alarm-definition.ts";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** CloudWatch retrieves more periods than it evaluates, so that late data points are no missing ones. */
export const extraPeriods = 2;

/**
 * The state that data points mean, oldest first, undefined where there is none; `before` is kept where missing data are to
 * be ignored and decide. Missing data are filled in only as far as there are fewer data points than periods to evaluate.
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
