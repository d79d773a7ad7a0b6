import {
  CloudWatchClient,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateTopicCommand,
  ListSubscriptionsByTopicCommand,
  SNSClient,
  SubscribeCommand,
} from "@aws-sdk/client-sns";
import { CreateQueueCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type LocalServices, startLocalServices } from "./local-services.ts";

let services: LocalServices;
let cloudWatch: CloudWatchClient;

beforeAll(async () => {
  services = await startLocalServices([
    {
      name: "may-read",
      accessKeyId: "may-read",
      policies: [
        {
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Action: ["cloudwatch:ListMetrics", "cloudwatch:GetMetricData"],
              Resource: "*",
            },
          ],
        },
      ],
    },
  ]);
  cloudWatch = new CloudWatchClient(services.client());
});
afterAll(async () => {
  cloudWatch.destroy();
  await services.stop();
});

const minute = 60_000;

function lastHour() {
  const now = Math.floor(Date.now() / minute) * minute;
  return { StartTime: new Date(now - 60 * minute), EndTime: new Date(now + minute) };
}

async function sumOf(Namespace: string, MetricName: string, dimensions: Record<string, string> = {}) {
  const Dimensions = Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
  const { Datapoints = [] } = await cloudWatch.send(
    new GetMetricStatisticsCommand({
      ...lastHour(),
      Namespace,
      MetricName,
      Dimensions,
      Period: 3600,
      Statistics: ["Sum"],
    }),
  );
  return Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
}

async function queryProtocol(action: string, fields: Record<string, string>, accessKeyId = "local") {
  const response = await fetch(services.url, {
    method: "POST",
    headers: {
      "content-type": "application/x-www-form-urlencoded; charset=utf-8",
      authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20261101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: new URLSearchParams({ Action: action, Version: "2010-08-01", ...fields }),
  });
  return { status: response.status, xml: await response.text() };
}

describe("metrics", () => {
  test("put-metric-data: values, counted values and statistics add up in their period", async () => {
    const now = new Date();
    await cloudWatch.send(
      new PutMetricDataCommand({
        Namespace: "sums",
        MetricData: [
          { MetricName: "Things", Value: 1, Timestamp: now },
          { MetricName: "Things", Values: [2, 3], Counts: [1, 2], Timestamp: now },
          {
            MetricName: "Things",
            StatisticValues: { SampleCount: 2, Sum: 20, Minimum: 5, Maximum: 15 },
            Timestamp: now,
          },
        ],
      }),
    );
    const { Datapoints } = await cloudWatch.send(
      new GetMetricStatisticsCommand({
        ...lastHour(),
        Namespace: "sums",
        MetricName: "Things",
        Period: 7200,
        Statistics: ["Sum", "SampleCount", "Minimum", "Maximum", "Average"],
        ExtendedStatistics: ["p50"],
      }),
    );
    expect(Datapoints).toEqual([
      {
        Timestamp: expect.any(Date),
        Unit: "None",
        Sum: 29,
        SampleCount: 6,
        Minimum: 1,
        Maximum: 15,
        Average: 29 / 6,
        ExtendedStatistics: { p50: 3 },
      },
    ]);
  });

  test("two sets of dimensions are two series, and list-metrics returns both", async () => {
    const put = (Dimensions: { Name: string; Value: string }[]) =>
      cloudWatch.send(
        new PutMetricDataCommand({
          Namespace: "series",
          MetricData: [{ MetricName: "Calls", Dimensions, Value: 1 }],
        }),
      );
    await put([{ Name: "service", Value: "a" }]);
    await put([
      { Name: "service", Value: "a" },
      { Name: "zone", Value: "1" },
    ]);
    const { Metrics } = await cloudWatch.send(
      new ListMetricsCommand({ Namespace: "series", Dimensions: [{ Name: "service" }] }),
    );
    expect(Metrics).toHaveLength(2);
    expect(await sumOf("series", "Calls", { service: "a" })).toBe(1);
    expect(await sumOf("series", "Calls")).toBe(0);
  });

  test("a namespace of AWS's own is refused", async () => {
    const put = new PutMetricDataCommand({
      Namespace: "AWS/SQS",
      MetricData: [{ MetricName: "X", Value: 1 }],
    });
    await expect(cloudWatch.send(put)).rejects.toMatchObject({ name: "InvalidParameterValueException" });
  });

  test("many data in one call come compressed, and are read", async () => {
    const MetricData = Array.from({ length: 500 }, (_, index) => ({
      MetricName: "ALongNameOfAMetricSoThatTheBodyIsLarge",
      Dimensions: [{ Name: "index", Value: String(index) }],
      Value: 1,
    }));
    await cloudWatch.send(new PutMetricDataCommand({ Namespace: "many", MetricData }));
    const { Metrics } = await cloudWatch.send(new ListMetricsCommand({ Namespace: "many" }));
    expect(Metrics).toHaveLength(500);
  });

  test("a line in embedded metric format is a metric in every log group; other lines are not", async () => {
    const logs = new CloudWatchLogsClient(services.client());
    await logs.send(new CreateLogGroupCommand({ logGroupName: "embedded" }));
    await logs.send(new CreateLogStreamCommand({ logGroupName: "embedded", logStreamName: "one" }));
    const line = (more: object) =>
      JSON.stringify({
        _aws: {
          Timestamp: Date.now(),
          CloudWatchMetrics: [
            { Namespace: "emf", Dimensions: [["service"]], Metrics: [{ Name: "Rows", Unit: "Count" }] },
          ],
        },
        service: "embed",
        ...more,
      });
    const messages = [
      line({ Rows: 2 }),
      line({ Rows: [3, 4] }),
      line({}),
      "no JSON",
      '{"_aws": 1}',
      line({ Rows: "5" }),
    ];
    await logs.send(
      new PutLogEventsCommand({
        logGroupName: "embedded",
        logStreamName: "one",
        logEvents: messages.map((message) => ({ timestamp: Date.now(), message })),
      }),
    );
    logs.destroy();
    expect(await sumOf("emf", "Rows", { service: "embed" })).toBe(9);
  });

  test("how many messages a queue has is there as soon as somebody asks", async () => {
    const sqs = new SQSClient(services.client());
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "measured" }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "one" }));
    sqs.destroy();
    const { MetricDataResults } = await cloudWatch.send(
      new GetMetricDataCommand({
        ...lastHour(),
        MetricDataQueries: [
          {
            Id: "visible",
            MetricStat: {
              Metric: {
                Namespace: "AWS/SQS",
                MetricName: "ApproximateNumberOfMessagesVisible",
                Dimensions: [{ Name: "QueueName", Value: "measured" }],
              },
              Period: 60,
              Stat: "Maximum",
            },
            ReturnData: false,
          },
          { Id: "percent", Expression: "100 * visible / (visible + FILL(none, 3))" },
          {
            Id: "none",
            MetricStat: { Metric: { Namespace: "no", MetricName: "such" }, Period: 60, Stat: "Sum" },
            ReturnData: false,
          },
        ],
      }),
    );
    expect(MetricDataResults).toMatchObject([{ Id: "percent", Values: [25] }]);
  });

  test("what a role may not call is refused", async () => {
    const reader = new CloudWatchClient(services.client("may-read"));
    await reader.send(new ListMetricsCommand({}));
    await expect(reader.send(new DescribeAlarmsCommand({}))).rejects.toThrow(/cloudwatch:DescribeAlarms/);
    reader.destroy();
  });
});

describe("the query protocol, as AWS CLI 2.9 speaks it", () => {
  test("puts and lists metrics", async () => {
    const put = await queryProtocol("PutMetricData", {
      Namespace: "cli",
      "MetricData.member.1.MetricName": "Typed",
      "MetricData.member.1.Value": "4",
      "MetricData.member.1.Dimensions.member.1.Name": "who",
      "MetricData.member.1.Dimensions.member.1.Value": "a person",
    });
    expect(put.status).toBe(200);
    const { xml } = await queryProtocol("ListMetrics", { Namespace: "cli" });
    expect(xml).toContain(
      "<MetricName>Typed</MetricName><Dimensions><member><Name>who</Name><Value>a person</Value>",
    );
    expect(await sumOf("cli", "Typed", { who: "a person" })).toBe(4);
  });

  test("an error is XML with its code", async () => {
    const { status, xml } = await queryProtocol("SetAlarmState", {
      AlarmName: "none",
      StateValue: "OK",
      StateReason: "a test",
    });
    expect([status, xml]).toEqual([404, expect.stringContaining("<Code>ResourceNotFound</Code>")]);
  });
});

describe("alarms", () => {
  const onMetric = (AlarmName: string, more: object = {}) =>
    new PutMetricAlarmCommand({
      AlarmName,
      Namespace: "alarms",
      MetricName: AlarmName,
      Statistic: "Sum",
      Period: 300,
      EvaluationPeriods: 1,
      Threshold: 0,
      ComparisonOperator: "GreaterThanThreshold",
      TreatMissingData: "notBreaching",
      ...more,
    });
  const stateOf = async (name: string) => {
    const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: [name] }));
    return MetricAlarms?.[0]?.StateValue;
  };

  test("one fires with its metric, is described as it was put, and its history says so", async () => {
    await cloudWatch.send(onMetric("fires"));
    expect(await stateOf("fires")).toBe("OK");
    await cloudWatch.send(
      new PutMetricDataCommand({ Namespace: "alarms", MetricData: [{ MetricName: "fires", Value: 1 }] }),
    );
    const { MetricAlarms } = await cloudWatch.send(new DescribeAlarmsCommand({ StateValue: "ALARM" }));
    expect(MetricAlarms).toMatchObject([
      { AlarmName: "fires", Threshold: 0, Period: 300, StateReason: expect.stringContaining("[1]") },
    ]);
    const { AlarmHistoryItems } = await cloudWatch.send(
      new DescribeAlarmHistoryCommand({ AlarmName: "fires" }),
    );
    expect(AlarmHistoryItems?.map(({ HistorySummary }) => HistorySummary)).toEqual([
      "Alarm updated from OK to ALARM",
      "Alarm updated from INSUFFICIENT_DATA to OK",
    ]);
  });

  test("a state that is set by hand holds until the alarm is evaluated", async () => {
    await cloudWatch.send(onMetric("by-hand"));
    await cloudWatch.send(
      new SetAlarmStateCommand({ AlarmName: "by-hand", StateValue: "ALARM", StateReason: "a drill" }),
    );
    expect(["ALARM", "OK"]).toContain(await stateOf("by-hand"));
  });

  test.each([
    [
      "a circle of expressions",
      {
        Metrics: [
          { Id: "a", Expression: "b" },
          { Id: "b", Expression: "a", ReturnData: false },
        ],
      },
      /circle/,
    ],
    ["an id that is not there", { Metrics: [{ Id: "a", Expression: "b + 1" }] }, /unknown ids: b/],
    ["what is no expression", { Metrics: [{ Id: "a", Expression: "1 +" }] }, /cannot read the expression/],
    [
      "two queries that return data",
      {
        Metrics: [
          { Id: "a", Expression: "1" },
          { Id: "b", Expression: "2" },
        ],
      },
      /exactly one/,
    ],
  ])("as AWS refuses it when the stack is deployed: %s", async (_, more, message) => {
    const single = { Namespace: undefined, MetricName: undefined, Statistic: undefined, Period: undefined };
    await expect(cloudWatch.send(onMetric("refused", { ...single, ...more }))).rejects.toThrow(message);
  });

  test("more periods than a day has are refused", async () => {
    await expect(cloudWatch.send(onMetric("long", { EvaluationPeriods: 289 }))).rejects.toThrow(/86400/);
  });
});

test("a mail address is subscribed to a topic only once it is confirmed", async () => {
  const sns = new SNSClient(services.client());
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: "mails" }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: "email", Endpoint: "on-call@example.org" }));
  const { Subscriptions } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
  expect(Subscriptions).toMatchObject([
    { SubscriptionArn: "PendingConfirmation", Endpoint: "on-call@example.org", Protocol: "email" },
  ]);
  await expect(
    sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: `${TopicArn}-none` })),
  ).rejects.toMatchObject({ name: "NotFoundException" });
  sns.destroy();
});
