import { metricsOf } from "../../contract/metrics.ts";
import { deployCatchUp } from "./support/catch-up-stack.ts";
import { type Deployment, ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

const stem = "vectorkeep-dev-catch-up";

interface Query {
  readonly id: string;
  readonly expression?: string;
  readonly returnData?: boolean;
  readonly metric?: { readonly metricName: string; readonly period: number };
}

let stack: Deployment;
let alarms: Map<string, Record<string, unknown>>;

beforeAll(async () => {
  stack = await deployCatchUp();
  alarms = alarmsOf(stack);
});

function alarmsOf(deployment: Deployment): Map<string, Record<string, unknown>> {
  const all = ofType(deployment, "aws:cloudwatch/metricAlarm:MetricAlarm");
  return new Map([...all].filter(([name]) => name.includes("-catch-up-")));
}

test("a stack without the system has no alarm of it", async () => {
  expect([...alarmsOf(await deployStack("dev")).keys()]).toEqual([]);
});

test.each([
  ["executions-failed", "ExecutionsFailed"],
  ["executions-timed-out", "ExecutionsTimedOut"],
])("one execution that ends without ending its task is an alarm: %s", (name, metricName) => {
  expect(alarms.get(`${stem}-${name}`)).toMatchObject({
    namespace: "AWS/States",
    metricName,
    dimensions: { StateMachineArn: `arn:aws:states:::stateMachine:${stem}` },
    statistic: "Sum",
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
    evaluationPeriods: 1,
  });
});

test("one task that failed as a whole is an alarm", () => {
  expect(alarms.get(`${stem}-tasks-failed`)).toMatchObject({
    namespace: "vectorkeep-dev",
    metricName: "CatchUpTasksFailed",
    dimensions: { service: "catch-up" },
    statistic: "Sum",
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
  });
});

test("failed records are an alarm when they are more than one in twenty of all that were worked on in an hour", () => {
  const alarm = alarms.get(`${stem}-failed-record-rate`) as unknown as { metricQueries: Query[] };
  expect(alarm).toMatchObject({
    comparisonOperator: "GreaterThanThreshold",
    threshold: 5,
    treatMissingData: "notBreaching",
  });
  const { metricQueries: queries } = alarm;
  const sums = queries.filter(({ metric }) => metric !== undefined);
  expect(sums).toEqual(
    (["failed", "processed"] as const).map((id) => ({
      id,
      metric: {
        namespace: "vectorkeep-dev",
        metricName: id === "failed" ? "CatchUpRecordsFailed" : "CatchUpRecordsProcessed",
        dimensions: { service: "catch-up" },
        stat: "Sum",
        period: 3600,
      },
    })),
  );
  for (const { metric } of sums) expect(metricsOf["catch-up"]).toContain(metric?.metricName);
  expect(queries.filter(({ returnData }) => returnData)).toEqual([
    expect.objectContaining({ expression: "100 * failed / (failed + processed)" }),
  ]);
});

test("a task that could not be ended is an alarm", () => {
  expect(alarms.get(`${stem}-unsettled-not-empty`)).toMatchObject({
    namespace: "AWS/SQS",
    metricName: "ApproximateNumberOfMessagesVisible",
    dimensions: { QueueName: `${stem}-unsettled` },
    threshold: 0,
  });
});

test.each(["api", "run", "chunk", "settle", "watch"])(
  "errors, throttles and long invocations of %s are alarms",
  (name) => {
    const functionName = `${stem}-${name}`;
    const own = { namespace: "AWS/Lambda", dimensions: { FunctionName: functionName } };
    const { timeout } = ofType(stack, "aws:lambda/function:Function").get(functionName) ?? {};
    expect(alarms.get(`${functionName}-errors`)).toMatchObject({
      ...own,
      metricName: "Errors",
      threshold: 0,
    });
    expect(alarms.get(`${functionName}-throttles`)).toMatchObject({
      ...own,
      metricName: "Throttles",
      threshold: 0,
    });
    expect(alarms.get(`${functionName}-duration`)).toMatchObject({
      ...own,
      metricName: "Duration",
      statistic: "Maximum",
      threshold: 900 * Number(timeout),
    });
  },
);

test("F21: a watch that does not run is an alarm", () => {
  expect(alarms.get(`${stem}-watch-silent`)).toMatchObject({
    namespace: "AWS/Lambda",
    metricName: "Invocations",
    dimensions: { FunctionName: `${stem}-watch` },
    comparisonOperator: "LessThanThreshold",
    threshold: 1,
    period: 300,
    treatMissingData: "breaching",
  });
});

test("all of them notify the topic of the stack, and treat missing data as healthy except for the watch", () => {
  expect(alarms.size).toBe(6 * 3 + 8);
  for (const [name, alarm] of alarms) {
    expect(alarm).toMatchObject({
      alarmDescription: expect.stringMatching(/^[A-Z].* Runbook: docs\/runbooks\/[\w-]+\.md$/),
      alarmActions: ["arn:sns:vectorkeep-dev-alarms"],
      okActions: ["arn:sns:vectorkeep-dev-alarms"],
      treatMissingData: name === `${stem}-watch-silent` ? "breaching" : "notBreaching",
    });
  }
});
