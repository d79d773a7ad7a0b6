import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { BundledFunction } from "./bundled-function.ts";

const fiveMinutes = 300;

export interface AlarmsArgs {
  /** SNS topic that is notified. @default none, the alarms show in CloudWatch only */
  readonly topicArn: string | undefined;
  /** Queues in which any message is one too many, by what the alarm is called. */
  readonly deadLetters: Readonly<Record<string, aws.sqs.Queue>>;
  /** Queues that must keep moving. */
  readonly queues: Readonly<Record<string, aws.sqs.Queue>>;
  readonly functions: Readonly<Record<string, BundledFunction>>;
  /** CloudWatch namespace of the metrics that functions write into their logs. */
  readonly metricsNamespace: string;
  /** The function that reads the stream, and what delivers to it. */
  readonly stream: { readonly reader: BundledFunction; readonly mapping: aws.lambda.EventSourceMapping };
}

type Condition = Pick<
  aws.cloudwatch.MetricAlarmArgs,
  "namespace" | "metricName" | "dimensions" | "statistic" | "threshold" | "alarmDescription"
> & { readonly periods?: number };

/** Each a count that `core/verify` writes; it is written only when somebody verifies. */
const differences = [
  [
    "vectors-missing",
    "VectorsMissing",
    "Vectors are due and not published. `npm run verify` names them, and with --repair brings them back.",
  ],
  [
    "vectors-extra",
    "VectorsExtra",
    "Vectors are published and not due. `npm run verify` names them, and with --repair takes those of known receipts away.",
  ],
  [
    "vectors-stale",
    "VectorsStale",
    "Vectors show something else than is true. `npm run verify` names them, and with --repair puts them right.",
  ],
  [
    "receipts-without-delta",
    "ReceiptsWithoutDelta",
    "Runs or their deltas are not in storage. `npm run verify` names them, and with --repair embeds their rows again.",
  ],
] as const;

/** What a person should look at, about 0.10 USD a month each. Silence is health: missing data is no alarm. */
export class Alarms extends pulumi.ComponentResource {
  private readonly stem: string;
  private readonly topics: string[];

  constructor(name: string, args: AlarmsArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:Alarms", name, {}, options);
    this.stem = name.replace(/-alarms$/, "");
    this.topics = args.topicArn === undefined ? [] : [args.topicArn];
    for (const [what, queue] of Object.entries(args.deadLetters)) this.deadLetters(what, queue);
    for (const [what, queue] of Object.entries(args.queues)) this.queueAge(what, queue);
    for (const [
      what,
      {
        function: { name },
        timeoutSeconds,
      },
    ] of Object.entries(args.functions)) {
      this.errors(what, name);
      this.throttles(what, name);
      this.duration(what, name, timeoutSeconds);
    }
    this.iteratorAge(args.stream.reader.function.name);
    this.givenUp(args.stream.mapping);
    this.lost(args.stream.mapping);
    this.differences(args.metricsNamespace);
    this.registerOutputs();
  }

  private deadLetters(what: string, queue: aws.sqs.Queue) {
    this.alarm(`${what}-not-empty`, {
      ...ofQueue(queue, "ApproximateNumberOfMessagesVisible"),
      threshold: 0,
      alarmDescription:
        "Something could not be handled. Read the messages and the log, mend the cause, send them again.",
    });
  }

  private queueAge(what: string, queue: aws.sqs.Queue) {
    this.alarm(`${what}-age`, {
      ...ofQueue(queue, "ApproximateAgeOfOldestMessage"),
      threshold: 1800,
      periods: 2,
      alarmDescription:
        "A message has waited for half an hour. Look for errors or throttles of its function.",
    });
  }

  private errors(what: string, name: pulumi.Output<string>) {
    this.alarm(`${what}-errors`, {
      ...ofFunction(name, "Errors", "Sum"),
      threshold: 0,
      alarmDescription: "An invocation failed as a whole. Its log says why.",
    });
  }

  private throttles(what: string, name: pulumi.Output<string>) {
    this.alarm(`${what}-throttles`, {
      ...ofFunction(name, "Throttles", "Sum"),
      threshold: 0,
      periods: 3,
      alarmDescription: "The account's concurrency is used up. Raise it, or lower the mappings' maximum.",
    });
  }

  private duration(what: string, name: pulumi.Output<string>, timeoutSeconds: number) {
    this.alarm(`${what}-duration`, {
      ...ofFunction(name, "Duration", "Maximum"),
      threshold: 0.9 * timeoutSeconds * 1000,
      alarmDescription:
        "An invocation took more than nine tenths of its time limit. Raise it before one is cut off.",
    });
  }

  private iteratorAge(name: pulumi.Output<string>) {
    this.alarm("stream-processor-iterator-age", {
      ...ofFunction(name, "IteratorAge", "Maximum"),
      threshold: 600_000,
      periods: 2,
      alarmDescription:
        "Changes reach the collections more than ten minutes late. After an hour they are given up.",
    });
  }

  private givenUp(mapping: aws.lambda.EventSourceMapping) {
    this.alarm("stream-records-given-up", {
      ...ofMapping(mapping, "OnFailureDestinationDeliveredEventCount"),
      threshold: 0,
      alarmDescription:
        "Changes failed all retries or were an hour old. They are kept under the output streamGivenUpPrefix. Mend the cause, then undo and redo what they say, so that the stream tells it again.",
    });
  }

  private lost(mapping: aws.lambda.EventSourceMapping) {
    this.alarm("stream-records-lost", {
      ...ofMapping(mapping, "DroppedEventCount"),
      threshold: 0,
      alarmDescription:
        "Changes were given up and could not be kept in the deltas bucket. Look at the bucket and at what the stream processor's role may write.",
    });
  }

  /** What the verify function found when it was last invoked. */
  private differences(namespace: string) {
    for (const [what, metricName, alarmDescription] of differences) {
      this.alarm(what, {
        namespace,
        metricName,
        dimensions: { service: "verify" },
        statistic: "Sum",
        threshold: 0,
        alarmDescription,
      });
    }
  }

  private alarm(what: string, { periods = 1, ...condition }: Condition) {
    new aws.cloudwatch.MetricAlarm(
      `${this.stem}-${what}`,
      {
        ...condition,
        comparisonOperator: "GreaterThanThreshold",
        period: fiveMinutes,
        evaluationPeriods: periods,
        treatMissingData: "notBreaching",
        alarmActions: this.topics,
        okActions: this.topics,
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
