import { CloudWatchClient, type MetricAlarm, paginateDescribeAlarms } from "@aws-sdk/client-cloudwatch";
import {
  CloudWatchLogsClient,
  CreateLogStreamCommand,
  PutLogEventsCommand,
  paginateDescribeLogGroups,
} from "@aws-sdk/client-cloudwatch-logs";
import { LambdaClient, paginateListFunctions } from "@aws-sdk/client-lambda";
import { ListStateMachinesCommand, SFNClient } from "@aws-sdk/client-sfn";
import { SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { collections } from "../../contract/collections.ts";
import { type MeasuredService, metricsOf } from "../../contract/metrics.ts";
import { loggedMetrics } from "../../core/metrics.ts";
import { functionMetrics, mappingMetrics } from "../../local/lambda/function-metrics.ts";
import { extraPeriods } from "../../local/services/cloudwatch/evaluate.ts";
import type { MetricId } from "../../local/services/cloudwatch/metric.ts";
import { executionMetrics } from "../../local/step-functions/executions/execution-metrics.ts";
import { nightly } from "../faults/nightly.ts";
import { QuietStack } from "./quiet-stack.ts";

jest.setTimeout(600_000);

/** Above every threshold, of counts, bytes and milliseconds. */
const far = 1e15;
/** How often something happens while all goes wrong. */
const stepMinutes = 5;

let stack: QuietStack;
let cloudWatch: CloudWatchClient;
let sqs: SQSClient;
let logs: CloudWatchLogsClient;
let queueUrls: string[];
let onCall: string;
let measured: MetricId[];

beforeAll(async () => {
  process.env.POWERTOOLS_METRICS_NAMESPACE = "vectorkeep-local";
  stack = await QuietStack.start({
    "compaction:host": "ecs",
    "alarms:email": "on-call@example.org",
    "images:enabled": "true",
  });
  cloudWatch = new CloudWatchClient(stack.client);
  sqs = new SQSClient(stack.client);
  logs = new CloudWatchLogsClient(stack.client);
  ({ QueueUrls: queueUrls = [] } = await sqs.send(new ListQueuesCommand({})));
  onCall = await subscribedQueue();
  measured = await measurable();
});
afterAll(async () => {
  for (const client of [cloudWatch, sqs, logs]) client.destroy();
  await stack.stop();
});

/** Reads what the topic of the alarms tells. */
async function subscribedQueue(): Promise<string> {
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName: "on-call" }));
  const sns = new SNSClient(stack.client);
  await sns.send(
    new SubscribeCommand({
      TopicArn: String(stack.outputs.alarmTopicArn),
      Protocol: "sqs",
      Endpoint: "arn:aws:sqs:us-east-1:000000000000:on-call",
    }),
  );
  sns.destroy();
  return QueueUrl;
}

/**
 * All that the local Lambda and Step Functions can measure of what is deployed. It is made of what they write, and not of
 * what the alarms watch: an alarm on a metric that nobody writes does not fire.
 */
async function measurable(): Promise<MetricId[]> {
  const lambda = new LambdaClient(stack.client);
  const functionNames: string[] = [];
  for await (const { Functions = [] } of paginateListFunctions({ client: lambda }, {})) {
    functionNames.push(...Functions.map(({ FunctionName = "" }) => FunctionName));
  }
  lambda.destroy();
  const sfn = new SFNClient(stack.client);
  const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
  sfn.destroy();
  const counting = (await stack.mappings()).filter(({ countsEvents }) => countsEvents);
  return [
    ...each("AWS/Lambda", functionMetrics, "FunctionName", functionNames),
    ...each(
      "AWS/Lambda",
      mappingMetrics,
      "EventSourceMappingUUID",
      counting.map(({ uuid }) => uuid),
    ),
    ...each(
      "AWS/States",
      executionMetrics,
      "StateMachineArn",
      stateMachines.map(({ stateMachineArn = "" }) => stateMachineArn),
    ),
    ...each("AWS/RDS", ["ACUUtilization"], "DBClusterIdentifier", [imageCluster()]),
  ];
}

/** RDS measures itself on AWS alone. */
function imageCluster(): string {
  const { clusterArn } = stack.outputs.images as { readonly clusterArn: string };
  return clusterArn.split(":").at(-1) ?? "";
}

function each(
  namespace: string,
  names: readonly string[],
  dimension: string,
  values: readonly string[],
): MetricId[] {
  return values.flatMap((value) =>
    names.map((name) => ({ namespace, name, dimensions: { [dimension]: value } })),
  );
}

/** A message in every queue, so that each stands in some queue and grows old. */
async function fillQueues(): Promise<void> {
  await Promise.all(
    queueUrls.map((QueueUrl) =>
      sqs.send(
        new SendMessageCommand({
          QueueUrl,
          MessageBody: "{}",
          ...(QueueUrl.endsWith(".fifo") && { MessageGroupId: "one", MessageDeduplicationId: "one" }),
        }),
      ),
    ),
  );
}

/** Every metric of the product's own, as the product itself writes it: a line in a log. */
async function logOwnMetrics(logGroupName: string): Promise<void> {
  const lines: string[] = [];
  const written = jest.spyOn(process.stdout, "write").mockImplementation((line) => {
    lines.push(String(line).trim());
    return true;
  });
  for (const [service, names] of Object.entries(metricsOf)) {
    for (const collection of [undefined, ...collections]) {
      const metrics = loggedMetrics(service as MeasuredService, collection);
      for (const name of names) metrics.count(name, far);
      metrics.write();
    }
  }
  written.mockRestore();
  await logs.send(
    new PutLogEventsCommand({
      logGroupName,
      logStreamName: "of-the-test",
      logEvents: lines.map((message) => ({ timestamp: Date.now(), message })),
    }),
  );
}

async function anyLogGroup(): Promise<string> {
  for await (const { logGroups = [] } of paginateDescribeLogGroups({ client: logs }, {})) {
    const logGroupName = logGroups[0]?.logGroupName ?? "";
    await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName: "of-the-test" }));
    return logGroupName;
  }
  throw new Error("The stack has no log group.");
}

async function alarms(): Promise<MetricAlarm[]> {
  const all: MetricAlarm[] = [];
  for await (const { MetricAlarms = [] } of paginateDescribeAlarms({ client: cloudWatch }, {})) {
    all.push(...MetricAlarms);
  }
  return all;
}

/** How far CloudWatch looks back for an alarm: after so long without data it has forgotten all. */
function minutesRetrieved({ EvaluationPeriods = 1, Period, Metrics = [] }: MetricAlarm): number {
  const period = Math.max(Period ?? 0, ...Metrics.map(({ MetricStat }) => MetricStat?.Period ?? 0));
  return ((EvaluationPeriods + extraPeriods) * period) / 60 + stepMinutes;
}

/** One that goes off below its threshold is about silence. */
function isAboutSilence({ ComparisonOperator }: MetricAlarm): boolean {
  return ComparisonOperator?.startsWith("LessThan") ?? false;
}

async function states(): Promise<Record<string, string>> {
  return Object.fromEntries((await alarms()).map(({ AlarmName, StateValue }) => [AlarmName, StateValue]));
}

function stateOfEach(
  all: readonly MetricAlarm[],
  state: (alarm: MetricAlarm) => string,
): Record<string, string> {
  return Object.fromEntries(all.map((alarm) => [alarm.AlarmName, state(alarm)]));
}

/** What the topic told so far, and deletes it: `NAME: STATE`. */
async function told(): Promise<Set<string>> {
  const found = new Set<string>();
  for (;;) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: onCall, MaxNumberOfMessages: 10 }),
    );
    if (Messages.length === 0) return found;
    for (const { Body = "" } of Messages) {
      const { AlarmName, NewStateValue } = JSON.parse(JSON.parse(Body).Message);
      found.add(`${AlarmName}: ${NewStateValue}`);
    }
    await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: onCall,
        Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );
  }
}

nightly(
  "every alarm of the stack fires on its condition, clears when the condition is over, and notifies its topic of both",
  async () => {
    const all = await alarms();
    expect(all.length).toBeGreaterThan(50);

    const retrieved = Math.max(...all.map(minutesRetrieved));

    await stack.advance(retrieved);
    const quiet = stateOfEach(all, (alarm) => (isAboutSilence(alarm) ? "ALARM" : "OK"));
    expect(await states()).toEqual(quiet);
    await told();

    await fillQueues();
    const logGroup = await anyLogGroup();
    for (let minute = 0; minute < retrieved; minute += stepMinutes) {
      await stack.record(measured, far);
      await logOwnMetrics(logGroup);
      await stack.advance(stepMinutes);
    }
    const busy = stateOfEach(all, (alarm) => (isAboutSilence(alarm) ? "OK" : "ALARM"));
    expect(await states()).toEqual(busy);
    const toldWhenBusy = await told();
    expect([...toldWhenBusy].sort()).toEqual(
      Object.entries(busy)
        .map(([name, state]) => `${name}: ${state}`)
        .sort(),
    );

    for (const QueueUrl of queueUrls) await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    await stack.advance(retrieved);
    expect(await states()).toEqual(quiet);
    expect([...(await told())].sort()).toEqual(
      Object.entries(quiet)
        .map(([name, state]) => `${name}: ${state}`)
        .sort(),
    );
  },
);
