import { putMetricAlarm } from "../../../local/services/cloudwatch/alarm-definition.ts";
import { type AlarmState, stateOf } from "../../../local/services/cloudwatch/evaluate.ts";

const [o, X, _] = [0, 9, undefined];

function alarm(TreatMissingData: string, EvaluationPeriods: number, DatapointsToAlarm = EvaluationPeriods) {
  return putMetricAlarm.parse({
    AlarmName: "any",
    Namespace: "any",
    MetricName: "any",
    Statistic: "Sum",
    Period: 60,
    Threshold: 5,
    ComparisonOperator: "GreaterThanThreshold",
    TreatMissingData,
    EvaluationPeriods,
    DatapointsToAlarm,
  });
}

/** The tables of "How alarm state is evaluated when data is missing" in CloudWatch's manual. */
describe("three of three data points must breach", () => {
  test.each<[(number | undefined)[], Record<string, AlarmState>]>([
    [[o, _, X, _, X], { missing: "OK", ignore: "OK", breaching: "OK", notBreaching: "OK" }],
    [[_, _, _, _, o], { missing: "OK", ignore: "OK", breaching: "OK", notBreaching: "OK" }],
    [
      [_, _, _, _, _],
      { missing: "INSUFFICIENT_DATA", ignore: "ALARM", breaching: "ALARM", notBreaching: "OK" },
    ],
    [[o, X, X, _, X], { missing: "ALARM", ignore: "ALARM", breaching: "ALARM", notBreaching: "ALARM" }],
    [[_, _, X, _, _], { missing: "ALARM", ignore: "ALARM", breaching: "ALARM", notBreaching: "OK" }],
  ])("%j", (points, expected) => {
    const found = Object.keys(expected).map((treatment) => [
      treatment,
      stateOf(alarm(treatment, 3), points, "ALARM"),
    ]);
    expect(Object.fromEntries(found)).toEqual(expected);
  });
});

test("two of three: an old data point counts while newer ones are missing", () => {
  expect(stateOf(alarm("notBreaching", 3, 2), [o, o, X, _, X], "OK")).toBe("ALARM");
  expect(stateOf(alarm("notBreaching", 3, 2), [o, _, _, _, X], "OK")).toBe("OK");
});

test("an alarm about silence fires once nothing is left of what CloudWatch retrieves", () => {
  const silent = { ...alarm("breaching", 1), ComparisonOperator: "LessThanThreshold" as const };
  expect(stateOf(silent, [X, _, _], "OK")).toBe("OK");
  expect(stateOf(silent, [_, _, _], "OK")).toBe("ALARM");
});
