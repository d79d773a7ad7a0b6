import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { MetricOf } from "../../contract/metrics.ts";
import type { Settings } from "../config.ts";
import { AlarmTopic } from "./alarm-topic.ts";
import type { BundledFunction } from "./bundled-function.ts";
import { ownMetrics } from "./own-metrics.ts";

const fiveMinutes = 300;

export interface AlarmsArgs {
  /** SNS topic that is notified. @default a topic of the stack's own */
  readonly topicArn: string | undefined;
  /** Email address that the stack's own topic notifies, once it has confirmed. @default nobody */
  readonly email: string | undefined;
  /** URL of the folder with the runbooks. @default alarms name the path in the repository */
  readonly runbooksUrl: string | undefined;
  /** CloudWatch namespace of the metrics that the product itself writes. */
  readonly metricsNamespace: string;
  /** Queues that must stay empty, by name of the alarm. */
  readonly deadLetters: Readonly<Record<string, aws.sqs.Queue>>;
  /** Queues whose messages must be consumed in time. */
  readonly queues: Readonly<Record<string, aws.sqs.Queue>>;
  readonly functions: Readonly<Record<string, BundledFunction>>;
  /** Their errors alone are alarms: callers, or queues, tell of throttles and slow invocations. */
  readonly background: Readonly<Record<string, BundledFunction>>;
  /** The function that reads the stream, and its event source mapping. */
  readonly stream: { readonly reader: BundledFunction; readonly mapping: aws.lambda.EventSourceMapping };
  readonly sweeper: BundledFunction;
  readonly sweep: Settings["sweep"];
  /** What answers searches; undefined where nothing does. */
  readonly searchHost: Settings["query"]["host"] | undefined;
  readonly compactsInWorker: boolean;
  readonly takesBulkJobs: boolean;
  /** Undefined in a stack without the image flow. */
  readonly images: { readonly cluster: aws.rds.Cluster; readonly watchHours: number } | undefined;
  /** Undefined in a stack without the catch-up API. */
  readonly catchUp: CatchUpAlarmsArgs | undefined;
}

interface CatchUpAlarmsArgs {
  /** Of large tasks. */
  readonly machine: aws.sfn.StateMachine;
  /** Settles tasks without a worker. */
  readonly watch: BundledFunction;
  readonly watchEveryMinutes: number;
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
  /** @default "above", where missing data is healthy; for "below" missing data breaches */
  readonly breaches?: "above" | "below";
  /** What has happened, in one or two sentences. */
  readonly says: string;
  /** Name of the page in docs/runbooks/ that says what to do. */
  readonly runbook: string;
}

/** CloudWatch alarms, at about 0.10 USD per month each. Every alarm links to its runbook. */
export class Alarms extends pulumi.ComponentResource {
  private readonly stem: string;
  private readonly runbooksUrl: string | undefined;
  /** Notified when an alarm fires and when it clears. */
  readonly topicArn: pulumi.Output<string>;

  constructor(name: string, args: AlarmsArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:Alarms", name, {}, options);
    this.stem = name.replace(/-alarms$/, "");
    this.runbooksUrl = args.runbooksUrl?.replace(/\/+$/, "");
    this.topicArn = this.topic(name, args);
    for (const [what, queue] of Object.entries(args.deadLetters)) this.deadLetters(what, queue);
    for (const [what, queue] of Object.entries(args.queues)) this.queueAge(what, queue);
    for (const [what, { function: watched, timeoutSeconds }] of Object.entries(args.functions)) {
      this.errors(what, watched.name);
      this.throttles(what, watched.name);
      this.duration(what, watched.name, timeoutSeconds);
    }
    for (const [what, { function: watched }] of Object.entries(args.background)) {
      this.errors(what, watched.name);
    }
    this.iteratorAge(args.stream.reader.function.name);
    this.givenUp(args.stream.mapping);
    this.lost(args.stream.mapping);
    this.silent("sweeper", args.sweeper, {
      everyMinutes: args.sweep.everyMinutes,
      says: "The sweeper has missed three runs, so stuck runs go unnoticed.",
      runbook: "stuck-runs",
    });
    const own = ownMetrics(args.sweep, {
      searchHost: args.searchHost,
      compactsInWorker: args.compactsInWorker,
      catchesUp: args.catchUp !== undefined,
      imageWatchHours: args.images?.watchHours,
      takesBulkJobs: args.takesBulkJobs,
    });
    for (const { what, service, collection, ...metric } of own) {
      const dimensions = { service, ...(collection && { collection }) };
      this.alarm(what, { ...metric, namespace: args.metricsNamespace, dimensions });
    }
    if (args.catchUp) this.catchUp(args.catchUp, args.metricsNamespace);
    if (args.images) this.imageDatabase(args.images.cluster);
    if (args.takesBulkJobs) this.bulk(args.metricsNamespace);
    this.registerOutputs();
  }

  private topic(name: string, { topicArn, email }: AlarmsArgs): pulumi.Output<string> {
    if (topicArn !== undefined) return pulumi.output(topicArn);
    return new AlarmTopic(name, { email }, { parent: this }).arn;
  }

  private catchUp({ machine, watch, watchEveryMinutes }: CatchUpAlarmsArgs, namespace: string) {
    this.executions(machine);
    this.failedRecords(namespace);
    this.silent("catch-up-watch", watch, {
      everyMinutes: watchEveryMinutes,
      says: "The catch-up watch has not run for five minutes, so tasks without a worker stay open.",
      runbook: "catch-up",
    });
  }

  private imageDatabase(cluster: aws.rds.Cluster) {
    const dimensions = { DBClusterIdentifier: cluster.clusterIdentifier };
    this.alarm("image-database-busy", {
      namespace: "AWS/RDS",
      metricName: "ACUUtilization",
      dimensions,
      statistic: "Average",
      threshold: 80,
      periods: 6,
      says: "The database of the image flow has used more than 80 % of its maximum capacity for half an hour.",
      runbook: "images",
    });
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
          says: "An execution of the catch-up state machine failed or timed out and left its task open.",
          runbook: "catch-up",
        },
      );
    }
  }

  private bulk(namespace: string) {
    const read = (id: string, metricName: MetricOf<"bulk">, stat: string, period: number) => ({
      id,
      metric: { namespace, metricName, dimensions: { service: "bulk" }, stat, period },
    });
    this.expression("bulk-chunk-failure-rate", {
      // A few failures among a few chunks say nothing yet.
      expression: "IF(failed + processed >= 100, 100 * failed / (failed + processed), 0)",
      label: "percent failed",
      metrics: [
        read("failed", "BulkChunksFailed", "Sum", 3600),
        read("processed", "BulkChunksProcessed", "Sum", 3600),
      ],
      threshold: 1,
      says: "More than 1 % of the chunks of bulk tasks failed within an hour.",
    });
  }

  private expression(
    what: string,
    {
      expression,
      label,
      metrics,
      threshold,
      says,
    }: {
      readonly expression: string;
      readonly label: string;
      readonly metrics: aws.types.input.cloudwatch.MetricAlarmMetricQuery[];
      readonly threshold: number;
      readonly says: string;
    },
  ) {
    new aws.cloudwatch.MetricAlarm(
      `${this.stem}-${what}`,
      {
        metricQueries: [...metrics, { id: "result", expression, label, returnData: true }],
        comparisonOperator: "GreaterThanThreshold",
        threshold,
        evaluationPeriods: 1,
        treatMissingData: "notBreaching",
        alarmDescription: this.described(says, "bulk"),
        alarmActions: [this.topicArn],
        okActions: [this.topicArn],
      },
      { parent: this },
    );
  }

  /** Over all tasks that ended within an hour. */
  private failedRecords(namespace: string) {
    const sumOf = (id: string, metricName: MetricOf<"catch-up">) => ({
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
        alarmDescription: this.described(
          "More than 5 % of the records of catch-up tasks failed within an hour.",
          "catch-up",
        ),
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
      says: "Messages are in a dead-letter queue. SQS deletes them after two weeks.",
      runbook: "dead-letters",
    });
  }

  private queueAge(what: string, queue: aws.sqs.Queue) {
    this.alarm(`${what}-age`, {
      ...ofQueue(queue, "ApproximateAgeOfOldestMessage"),
      threshold: 1800,
      periods: 2,
      says: "The oldest message of a queue is more than 30 minutes old.",
      runbook: "queue-age",
    });
  }

  private errors(what: string, name: pulumi.Output<string>) {
    this.alarm(`${what}-errors`, {
      ...ofFunction(name, "Errors", "Sum"),
      threshold: 0,
      says: "An invocation of the function failed. Its log has the reason.",
      runbook: "errors",
    });
  }

  private throttles(what: string, name: pulumi.Output<string>) {
    this.alarm(`${what}-throttles`, {
      ...ofFunction(name, "Throttles", "Sum"),
      threshold: 0,
      periods: 3,
      says: "Lambda throttled the function for 15 minutes: the account's concurrency limit is reached.",
      runbook: "throttles",
    });
  }

  private duration(what: string, name: pulumi.Output<string>, timeoutSeconds: number) {
    this.alarm(`${what}-duration`, {
      ...ofFunction(name, "Duration", "Maximum"),
      threshold: 0.9 * timeoutSeconds * 1000,
      says: "An invocation took more than 90 % of its timeout.",
      runbook: "duration",
    });
  }

  private iteratorAge(name: pulumi.Output<string>) {
    this.alarm("stream-processor-iterator-age", {
      ...ofFunction(name, "IteratorAge", "Maximum"),
      threshold: 600_000,
      periods: 2,
      says: "The stream processor is more than ten minutes behind. Records older than 20 hours are moved to the deltas bucket.",
      runbook: "iterator-age",
    });
  }

  private givenUp(mapping: aws.lambda.EventSourceMapping) {
    this.alarm("stream-records-given-up", {
      ...ofMapping(mapping, "OnFailureDestinationDeliveredEventCount"),
      threshold: 0,
      says: "Stream records could not be processed for 20 hours and were moved to the deltas bucket.",
      runbook: "given-up-stream-records",
    });
  }

  private lost(mapping: aws.lambda.EventSourceMapping) {
    this.alarm("stream-records-lost", {
      ...ofMapping(mapping, "DroppedEventCount"),
      threshold: 0,
      says: "Stream records could not be processed and could not be stored in the deltas bucket: their changes are lost.",
      runbook: "given-up-stream-records",
    });
  }

  /** A function on a schedule that no longer runs. */
  private silent(
    what: string,
    { function: watched }: BundledFunction,
    { everyMinutes, ...condition }: { readonly everyMinutes: number } & Pick<Condition, "says" | "runbook">,
  ) {
    this.alarm(`${what}-silent`, {
      ...ofFunction(watched.name, "Invocations", "Sum"),
      ...condition,
      breaches: "below",
      threshold: 1,
      periodSeconds: Math.max(fiveMinutes, 3 * 60 * everyMinutes),
    });
  }

  private described(says: string, runbook: string): string {
    return `${says} Runbook: ${this.runbooksUrl ?? "docs/runbooks"}/${runbook}.md`;
  }

  private alarm(
    what: string,
    {
      says,
      runbook,
      breaches = "above",
      periodSeconds: period = fiveMinutes,
      periods: evaluationPeriods = 1,
      ...metric
    }: Condition,
  ) {
    new aws.cloudwatch.MetricAlarm(
      `${this.stem}-${what}`,
      {
        ...metric,
        alarmDescription: this.described(says, runbook),
        comparisonOperator: breaches === "above" ? "GreaterThanThreshold" : "LessThanThreshold",
        period,
        evaluationPeriods,
        treatMissingData: breaches === "above" ? "notBreaching" : "breaching",
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

/** Lambda publishes these metrics only for a mapping with `EventCount` metrics. */
function ofMapping({ uuid }: aws.lambda.EventSourceMapping, metricName: string) {
  return {
    namespace: "AWS/Lambda",
    metricName,
    dimensions: { EventSourceMappingUUID: uuid },
    statistic: "Sum",
  };
}
