import type * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

export const fiveMinutes = 300;
/** The longest period of an alarm. */
const oneDay = 86_400;

/** When an alarm fires. */
export interface Condition {
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Readonly<Record<string, pulumi.Input<string>>>;
  readonly statistic: string;
  readonly threshold: number;
  /** @default 300, five minutes */
  readonly periodSeconds?: number;
  /** @default 1 */
  readonly periods?: number;
  /** @default "above" */
  readonly breaches?: "above" | "below";
  /** Whether missing data breaches. @default only with "below" */
  readonly isNeeded?: boolean;
  /** A description of the problem, in one or two sentences. */
  readonly says: string;
  /** The page in docs/runbooks/ with the remedy. */
  readonly runbook: string;
}

export function notEmpty(queue: aws.sqs.Queue): Condition {
  return {
    ...ofQueue(queue, "ApproximateNumberOfMessagesVisible"),
    threshold: 0,
    says: "Messages are in a dead-letter queue. SQS deletes them after two weeks.",
    runbook: "dead-letters",
  };
}

export function old(queue: aws.sqs.Queue): Condition {
  return {
    ...ofQueue(queue, "ApproximateAgeOfOldestMessage"),
    threshold: 1800,
    periods: 2,
    says: "The oldest message of a queue is more than 30 minutes old.",
    runbook: "queue-age",
  };
}

export function failing(name: pulumi.Output<string>): Condition {
  return {
    ...ofFunction(name, "Errors", "Sum"),
    threshold: 0,
    says: "An invocation of the function failed. Its log has the reason.",
    runbook: "errors",
  };
}

export function throttled(name: pulumi.Output<string>): Condition {
  return {
    ...ofFunction(name, "Throttles", "Sum"),
    threshold: 0,
    periods: 3,
    says: "Lambda throttled the function for 15 minutes: the account's concurrency limit is reached.",
    runbook: "throttles",
  };
}

export function slow(name: pulumi.Output<string>, timeoutSeconds: number): Condition {
  return {
    ...ofFunction(name, "Duration", "Maximum"),
    threshold: 0.9 * timeoutSeconds * 1000,
    says: "An invocation took more than 90 % of its timeout.",
    runbook: "duration",
  };
}

export function behind(name: pulumi.Output<string>): Condition {
  return {
    ...ofFunction(name, "IteratorAge", "Maximum"),
    threshold: 600_000,
    periods: 2,
    says: "The stream processor is more than ten minutes behind. Records older than 20 hours are moved to the deltas bucket.",
    runbook: "iterator-age",
  };
}

export function recordsGivenUp(mapping: aws.lambda.EventSourceMapping): Condition {
  return {
    ...ofMapping(mapping, "OnFailureDestinationDeliveredEventCount"),
    threshold: 0,
    says: "Stream records could not be processed for 20 hours and were moved to the deltas bucket.",
    runbook: "given-up-stream-records",
  };
}

export function recordsLost(mapping: aws.lambda.EventSourceMapping): Condition {
  return {
    ...ofMapping(mapping, "DroppedEventCount"),
    threshold: 0,
    says: "Stream records could not be processed and could not be stored in the deltas bucket: their changes are lost.",
    runbook: "given-up-stream-records",
  };
}

export function databaseBusy(cluster: aws.rds.Cluster): Condition {
  return {
    namespace: "AWS/RDS",
    metricName: "ACUUtilization",
    dimensions: { DBClusterIdentifier: cluster.clusterIdentifier },
    statistic: "Average",
    threshold: 80,
    periods: 6,
    says: "The database of the image flow has used more than 80 % of its maximum capacity for half an hour.",
    runbook: "images",
  };
}

export function executionsEndBadly(
  machine: aws.sfn.StateMachine,
  metricName: "ExecutionsFailed" | "ExecutionsTimedOut",
): Condition {
  return {
    namespace: "AWS/States",
    metricName,
    dimensions: { StateMachineArn: machine.arn },
    statistic: "Sum",
    threshold: 0,
    says: "An execution of the catch-up state machine failed or timed out and left its task open.",
    runbook: "catch-up",
  };
}

/** A function on a schedule that no longer runs. */
export function silent(
  name: pulumi.Output<string>,
  { everyMinutes, ...condition }: { readonly everyMinutes: number } & Pick<Condition, "says" | "runbook">,
): Condition {
  const seconds = Math.max(fiveMinutes, 3 * 60 * everyMinutes);
  const periods = Math.ceil(seconds / oneDay);
  return {
    ...ofFunction(name, "Invocations", "Sum"),
    ...condition,
    breaches: "below",
    threshold: 1,
    periodSeconds: Math.min(seconds, oneDay),
    ...(periods > 1 && { periods }),
  };
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
