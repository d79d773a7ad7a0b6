import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { MetricOf } from "../../contract/metrics.ts";
import type { Settings } from "../config.ts";
import {
  behind,
  type Condition,
  databaseBusy,
  executionsEndBadly,
  failing,
  fiveMinutes,
  notEmpty,
  old,
  recordsGivenUp,
  recordsLost,
  silent,
  slow,
  throttled,
} from "./alarm-conditions.ts";
import { AlarmTopic } from "./alarm-topic.ts";
import type { BundledFunction } from "./bundled-function.ts";
import { ownMetrics } from "./own-metrics.ts";

export interface AlarmsArgs {
  /** SNS topic that is notified. @default a topic of the stack's own */
  readonly topicArn: string | undefined;
  /** The email address that the stack's own topic notifies, after its confirmation. @default nobody */
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
  /** Undefined if no schedule exports. */
  readonly snapshotsEveryMinutes: number | undefined;
  /** The host of searches; undefined if search is not enabled. */
  readonly searchHost: Settings["query"]["host"] | undefined;
  readonly searchesMirror: boolean;
  readonly compactsInWorker: boolean;
  readonly takesBulkJobs: boolean;
  readonly findsMerchants: boolean;
  readonly mirrors: boolean;
  /** Undefined in a stack without the image flow. */
  readonly images: { readonly cluster: aws.rds.Cluster; readonly watchHours: number } | undefined;
  /** Undefined in a stack without the catch-up API. */
  readonly catchUp: CatchUpAlarmsArgs | undefined;
}

interface CatchUpAlarmsArgs {
  /** The state machine of large tasks. */
  readonly machine: aws.sfn.StateMachine;
  /** Settles tasks without a worker. */
  readonly watch: BundledFunction;
  readonly watchEveryMinutes: number;
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
    for (const [what, queue] of Object.entries(args.deadLetters))
      this.alarm(`${what}-not-empty`, notEmpty(queue));
    for (const [what, queue] of Object.entries(args.queues)) this.alarm(`${what}-age`, old(queue));
    for (const [what, { function: watched, timeoutSeconds }] of Object.entries(args.functions)) {
      this.alarm(`${what}-errors`, failing(watched.name));
      this.alarm(`${what}-throttles`, throttled(watched.name));
      this.alarm(`${what}-duration`, slow(watched.name, timeoutSeconds));
    }
    for (const [what, { function: watched }] of Object.entries(args.background)) {
      this.alarm(`${what}-errors`, failing(watched.name));
    }
    const { reader, mapping } = args.stream;
    this.alarm("stream-processor-iterator-age", behind(reader.function.name));
    this.alarm("stream-records-given-up", recordsGivenUp(mapping));
    this.alarm("stream-records-lost", recordsLost(mapping));
    const sweeps = silent(args.sweeper.function.name, {
      everyMinutes: args.sweep.everyMinutes,
      says: "The sweeper has missed three runs, so stuck runs go unnoticed.",
      runbook: "stuck-runs",
    });
    this.alarm("sweeper-silent", sweeps);
    const own = ownMetrics(args.sweep, {
      snapshotsEveryMinutes: args.snapshotsEveryMinutes,
      searchHost: args.searchHost,
      searchesMirror: args.searchesMirror,
      compactsInWorker: args.compactsInWorker,
      catchesUp: args.catchUp !== undefined,
      imageWatchHours: args.images?.watchHours,
      takesBulkJobs: args.takesBulkJobs,
      findsMerchants: args.findsMerchants,
      mirrors: args.mirrors,
    });
    for (const { what, service, collection, ...metric } of own) {
      const dimensions = { service, ...(collection && { collection }) };
      this.alarm(what, { ...metric, namespace: args.metricsNamespace, dimensions });
    }
    if (args.catchUp) this.catchUp(args.catchUp, args.metricsNamespace);
    if (args.images) this.alarm("image-database-busy", databaseBusy(args.images.cluster));
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
    const watches = silent(watch.function.name, {
      everyMinutes: watchEveryMinutes,
      says: "The catch-up watch has not run for five minutes, so tasks without a worker stay open.",
      runbook: "catch-up",
    });
    this.alarm("catch-up-watch-silent", watches);
  }

  private executions(machine: aws.sfn.StateMachine) {
    this.alarm("catch-up-executions-failed", executionsEndBadly(machine, "ExecutionsFailed"));
    this.alarm("catch-up-executions-timed-out", executionsEndBadly(machine, "ExecutionsTimedOut"));
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

  private described(says: string, runbook: string): string {
    return `${says} Runbook: ${this.runbooksUrl ?? "docs/runbooks"}/${runbook}.md`;
  }

  private alarm(
    what: string,
    {
      says,
      runbook,
      breaches = "above",
      isNeeded = breaches === "below",
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
        treatMissingData: isNeeded ? "breaching" : "notBreaching",
        alarmActions: [this.topicArn],
        okActions: [this.topicArn],
      },
      { parent: this },
    );
  }
}
