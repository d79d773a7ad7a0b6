import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../config.ts";
import { AlarmTopic } from "./alarm-topic.ts";
import type { BundledFunction } from "./bundled-function.ts";
import { ownMetrics } from "./own-metrics.ts";

const fiveMinutes = 300;

export interface AlarmsArgs {
  /** SNS topic that is notified. @default a topic of the stack's own */
  readonly topicArn: string | undefined;
  /** Who gets a mail from the stack's own topic, once they have confirmed it. @default nobody */
  readonly email: string | undefined;
  /** CloudWatch namespace of the metrics that the product itself writes. */
  readonly metricsNamespace: string;
  /** Queues in which any message is one too many, by what the alarm is called. */
  readonly deadLetters: Readonly<Record<string, aws.sqs.Queue>>;
  /** Queues that must keep moving. */
  readonly queues: Readonly<Record<string, aws.sqs.Queue>>;
  readonly functions: Readonly<Record<string, BundledFunction>>;
  /** The function that reads the stream, and what delivers to it. */
  readonly stream: { readonly reader: BundledFunction; readonly mapping: aws.lambda.EventSourceMapping };
  readonly sweeper: BundledFunction;
  readonly sweep: Settings["sweep"];
  readonly servesQueries: boolean;
  readonly compactsInWorker: boolean;
  /** The state machine of large catch-up tasks, where there is one. */
  readonly machine: aws.sfn.StateMachine | undefined;
}

interface Condition {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, pulumi.Input<string>>>;
  readonly statistic: string;
  readonly threshold: number;
  /** @default 300, five minutes */
  readonly periodSeconds?: number;
  /** @default 1 */
  readonly periods?: number;
  /** @default "above", and silence is health; below it silence is what the alarm is for */
  readonly goesOff?: "above" | "below";
  /** What has happened, in a sentence or two. */
  readonly says: string;
  /** Name of the page in docs/runbooks/ that says what to do. */
  readonly runbook: string;
}

/** What a person should look at, about 0.10 USD a month each. Every alarm names its runbook. */
export class Alarms extends pulumi.ComponentResource {
  private readonly stem: string;
  /** Told when an alarm goes off and when it clears. */
  readonly topicArn: pulumi.Output<string>;

  constructor(name: string, args: AlarmsArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:Alarms", name, {}, options);
    this.stem = name.replace(/-alarms$/, "");
    this.topicArn = this.topic(name, args);
    for (const [what, queue] of Object.entries(args.deadLetters)) this.deadLetters(what, queue);
    for (const [what, queue] of Object.entries(args.queues)) this.queueAge(what, queue);
    for (const [what, { function: watched, timeoutSeconds }] of Object.entries(args.functions)) {
      this.errors(what, watched.name);
      this.throttles(what, watched.name);
      this.duration(what, watched.name, timeoutSeconds);
    }
    this.iteratorAge(args.stream.reader.function.name);
    this.givenUp(args.stream.mapping);
    this.lost(args.stream.mapping);
    this.notSwept(args.sweeper.function.name, args.sweep.everyMinutes);
    const own = ownMetrics(args.sweep, {
      servesQueries: args.servesQueries,
      compactsInWorker: args.compactsInWorker,
      catchesUp: args.machine !== undefined,
    });
    for (const { what, service, collection, ...metric } of own) {
      const dimensions = { service, ...(collection && { collection }) };
      this.alarm(what, { ...metric, namespace: args.metricsNamespace, dimensions });
    }
    if (args.machine) {
      this.executions(args.machine);
      this.failedRecords(args.metricsNamespace);
    }
    this.registerOutputs();
  }

  private topic(name: string, { topicArn, email }: AlarmsArgs): pulumi.Output<string> {
    if (topicArn !== undefined) return pulumi.output(topicArn);
    return new AlarmTopic(name, { email }, { parent: this }).arn;
  }

  private executions(machine: aws.sfn.StateMachine) {
    for (const metricName of ["ExecutionsFailed", "ExecutionsTimedOut"]) {
      this.alarm(
        `catch-up-${metricName === "ExecutionsFailed" ? "executions-failed" : "executions-timed-out"}`,
        {
          namespace: "AWS/States",
          metricName,
          dimensions: { StateMachineArn: machine.arn },
          statistic: "Sum",
          threshold: 0,
          says: "An execution of the catch-up state machine ended without ending its task.",
          runbook: "catch-up",
        },
      );
    }
  }

  /** More than one record in twenty, of all tasks that ended within an hour. */
  private failedRecords(namespace: string) {
    const sumOf = (id: string, metricName: string) => ({
      id,
      metric: { namespace, metricName, dimensions: { service: "catch-up" }, stat: "Sum", period: 3600 },
    });
    new aws.cloudwatch.MetricAlarm(
      `${this.stem}-catch-up-failed-record-rate`,
      {
        metricQueries: [
          sumOf("failed", "CatchUpRecordsFailed"),
          sumOf("processed", "CatchUpRecordsProcessed"),
          {
            id: "rate",
            expression: "100 * failed / (failed + processed)",
            label: "percent failed",
            returnData: true,
          },
        ],
        comparisonOperator: "GreaterThanThreshold",
        threshold: 5,
        evaluationPeriods: 1,
        treatMissingData: "notBreaching",
        alarmDescription:
          "More than 5 % of the records of catch-up tasks failed. See docs/runbooks/catch-up.md.",
        alarmActions: [this.topicArn],
        okActions: [this.topicArn],
      },
      { parent: this },
    );
  }

  private deadLetters(what: string, queue: aws.sqs.Queue) {
    this.alarm(`${what}-not-empty`, {
      ...ofQueue(queue, "ApproximateNumberOfMessagesVisible"),
      threshold: 0,
      says: "Something could not be handled, and is kept for two weeks.",
      runbook: "dead-letters",
    });
  }

  private queueAge(what: string, queue: aws.sqs.Queue) {
    this.alarm(`${what}-age`, {
      ...ofQueue(queue, "ApproximateAgeOfOldestMessage"),
      threshold: 1800,
      periods: 2,
      says: "A message has waited for half an hour.",
      runbook: "queue-age",
    });
  }

  private errors(what: string, name: pulumi.Output<string>) {
    this.alarm(`${what}-errors`, {
      ...ofFunction(name, "Errors", "Sum"),
      threshold: 0,
      says: "An invocation failed as a whole. Its log says why.",
      runbook: "errors",
    });
  }

  private throttles(what: string, name: pulumi.Output<string>) {
    this.alarm(`${what}-throttles`, {
      ...ofFunction(name, "Throttles", "Sum"),
      threshold: 0,
      periods: 3,
      says: "The account's concurrency is used up.",
      runbook: "throttles",
    });
  }

  private duration(what: string, name: pulumi.Output<string>, timeoutSeconds: number) {
    this.alarm(`${what}-duration`, {
      ...ofFunction(name, "Duration", "Maximum"),
      threshold: 0.9 * timeoutSeconds * 1000,
      says: "An invocation took more than nine tenths of its time limit.",
      runbook: "duration",
    });
  }

  private iteratorAge(name: pulumi.Output<string>) {
    this.alarm("stream-processor-iterator-age", {
      ...ofFunction(name, "IteratorAge", "Maximum"),
      threshold: 600_000,
      periods: 2,
      says: "Changes reach the collections more than ten minutes late. After 20 hours they are given up.",
      runbook: "iterator-age",
    });
  }

  private givenUp(mapping: aws.lambda.EventSourceMapping) {
    this.alarm("stream-records-given-up", {
      ...ofMapping(mapping, "OnFailureDestinationDeliveredEventCount"),
      threshold: 0,
      says: "Changes were held up for 20 hours. They are kept in the deltas bucket.",
      runbook: "given-up-stream-records",
    });
  }

  private lost(mapping: aws.lambda.EventSourceMapping) {
    this.alarm("stream-records-lost", {
      ...ofMapping(mapping, "DroppedEventCount"),
      threshold: 0,
      says: "Changes were given up and could not be kept in the deltas bucket.",
      runbook: "given-up-stream-records",
    });
  }

  private notSwept(name: pulumi.Output<string>, everyMinutes: number) {
    this.alarm("sweeper-silent", {
      ...ofFunction(name, "Invocations", "Sum"),
      goesOff: "below",
      threshold: 1,
      periodSeconds: Math.max(fiveMinutes, 3 * 60 * everyMinutes),
      says: "Three sweeps have not come, so nobody would be told of a stuck run.",
      runbook: "stuck-runs",
    });
  }

  private alarm(
    what: string,
    {
      says,
      runbook,
      goesOff = "above",
      periodSeconds: period = fiveMinutes,
      periods: evaluationPeriods = 1,
      ...metric
    }: Condition,
  ) {
    new aws.cloudwatch.MetricAlarm(
      `${this.stem}-${what}`,
      {
        ...metric,
        alarmDescription: `${says} See docs/runbooks/${runbook}.md.`,
        comparisonOperator: goesOff === "above" ? "GreaterThanThreshold" : "LessThanThreshold",
        period,
        evaluationPeriods,
        treatMissingData: goesOff === "above" ? "notBreaching" : "breaching",
        alarmActions: [this.topicArn],
        okActions: [this.topicArn],
      },
      { parent: this },
    );
  }
}

function ofQueue(queue: aws.sqs.Queue, metricName: string) {
  return { namespace: "AWS/SQS", metricName, dimensions: { QueueName: queue.name }, statistic: "Maximum" };
}

function ofFunction(name: pulumi.Output<string>, metricName: string, statistic: string) {
  return { namespace: "AWS/Lambda", metricName, dimensions: { FunctionName: name }, statistic };
}

/** These are there only for a mapping that is told to count events. */
function ofMapping({ uuid }: aws.lambda.EventSourceMapping, metricName: string) {
  return {
    namespace: "AWS/Lambda",
    metricName,
    dimensions: { EventSourceMappingUUID: uuid },
    statistic: "Sum",
  };
}
