import { type Deployment, ofType } from "./support/deploy.ts";
import { deployStack } from "./support/stacks.ts";

const topic = "arn:aws:sns:us-east-1:000000000000:on-call";

let stack: Deployment;
let alarms: Map<string, Record<string, unknown>>;

beforeAll(async () => {
  stack = await deployStack("dev", {
    config: {
      "alarms:topicArn": topic,
      "alarms:runbooksUrl": "https://git.example.com/vectorkeep/runbooks/",
    },
  });
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

test.each(["lines", "words"])("F44: vectors of %s that verify does not find are an alarm", (collection) => {
  expect(alarms.get(`vectorkeep-dev-vectors-not-found-${collection}`)).toMatchObject({
    namespace: "vectorkeep-dev",
    metricName: "VectorsNotFound",
    dimensions: { service: "verify", collection },
    statistic: "Sum",
    threshold: 0,
  });
});

test("the mapping whose metrics an alarm watches has them enabled", () => {
  const mappings = ofType(stack, "aws:lambda/eventSourceMapping:EventSourceMapping");
  const { metricsConfig } = mappings.get("vectorkeep-dev-stream-processor") ?? {};
  expect(metricsConfig).toEqual({ metrics: ["EventCount"] });
});

test("F5: stuck runs raise alarms, and so does a sweeper that does not run", () => {
  const own = {
    namespace: "vectorkeep-dev",
    dimensions: { service: "sweeper" },
    statistic: "Maximum",
    period: 600,
  };
  expect(alarms.get("vectorkeep-dev-runs-given-up")).toMatchObject({
    ...own,
    metricName: "RunsGivenUp",
    threshold: 0,
  });
  expect(alarms.get("vectorkeep-dev-runs-open-long")).toMatchObject({
    ...own,
    metricName: "OldestOpenRunAge",
    threshold: 4 * 3600,
  });
  expect(alarms.get("vectorkeep-dev-sweeper-silent")).toMatchObject({
    metricName: "Invocations",
    comparisonOperator: "LessThanThreshold",
    threshold: 1,
    period: 900,
    treatMissingData: "breaching",
  });
});

test("a corrupt generation is an alarm of each process that can find it, the query server only where there is one", async () => {
  expect(alarms.has("vectorkeep-dev-compaction-manifest-mismatch")).toBe(true);
  expect(alarms.has("vectorkeep-dev-query-server-manifest-mismatch")).toBe(false);
  const prod = ofType(await deployStack("prod"), "aws:cloudwatch/metricAlarm:MetricAlarm");
  expect(prod.get("vectorkeep-prod-query-server-manifest-mismatch")).toMatchObject({
    metricName: "ManifestMismatches",
    dimensions: { service: "query-server" },
  });
});

test("every alarm says what has happened, links to its runbook, notifies the topic both ways, and all but one treat missing data as healthy", () => {
  expect(alarms.size).toBeGreaterThan(20);
  for (const [name, alarm] of alarms) {
    expect(alarm).toMatchObject({
      alarmDescription: expect.stringMatching(
        /^[A-Z].*\. Runbook: https:\/\/git\.example\.com\/vectorkeep\/runbooks\/[\w-]+\.md$/,
      ),
      treatMissingData: name === "vectorkeep-dev-sweeper-silent" ? "breaching" : "notBreaching",
      alarmActions: [topic],
      okActions: [topic],
    });
  }
});
