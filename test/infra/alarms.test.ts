import { type Deployment, ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

const topic = "arn:aws:sns:us-east-1:000000000000:on-call";

let stack: Deployment;
let alarms: Map<string, Record<string, unknown>>;

beforeAll(async () => {
  stack = await deployStack("dev", { config: { "alarms:topicArn": topic } });
  alarms = ofType(stack, "aws:cloudwatch/metricAlarm:MetricAlarm");
});

test.each([
  ["given up and kept in S3", "stream-records-given-up", "OnFailureDestinationDeliveredEventCount"],
  ["given up and kept nowhere", "stream-records-lost", "DroppedEventCount"],
])("F8: one stream record that is %s is an alarm", (_, name, metricName) => {
  expect(alarms.get(`vectorkeep-dev-${name}`)).toMatchObject({
    namespace: "AWS/Lambda",
    metricName,
    dimensions: { EventSourceMappingUUID: "uuid-of-vectorkeep-dev-stream-processor" },
    statistic: "Sum",
    comparisonOperator: "GreaterThanThreshold",
    threshold: 0,
    evaluationPeriods: 1,
  });
});

test.each([
  ["vectors-missing", "VectorsMissing"],
  ["vectors-extra", "VectorsExtra"],
  ["vectors-stale", "VectorsStale"],
  ["receipts-without-delta", "ReceiptsWithoutDelta"],
])("what verify counts is an alarm: %s", (name, metricName) => {
  expect(alarms.get(`vectorkeep-dev-${name}`)).toMatchObject({
    namespace: "vectorkeep-dev",
    metricName,
    dimensions: { service: "verify" },
    statistic: "Sum",
    threshold: 0,
  });
});

test("the mapping whose counts are watched is told to count, which none does by itself", () => {
  const mappings = ofType(stack, "aws:lambda/eventSourceMapping:EventSourceMapping");
  const { metricsConfig } = mappings.get("vectorkeep-dev-stream-processor") ?? {};
  expect(metricsConfig).toEqual({ metrics: ["EventCount"] });
});

test("every alarm says what to do, tells the topic when it goes off and clears, and takes silence for health", () => {
  expect(alarms.size).toBeGreaterThan(20);
  for (const alarm of alarms.values()) {
    expect(alarm).toMatchObject({
      alarmDescription: expect.stringMatching(/^[A-Z].*\.$/),
      treatMissingData: "notBreaching",
      alarmActions: [topic],
      okActions: [topic],
    });
  }
});
