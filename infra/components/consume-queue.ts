import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import type { BundledFunction } from "./bundled-function.ts";

export interface QueueConsumption {
  readonly queue: aws.sqs.Queue;
  readonly consumer: BundledFunction;
  readonly batchSize: number;
  /** @default 0 */
  readonly windowSeconds?: number;
  readonly maximumConcurrency: number;
  /** @default true */
  readonly enabled?: boolean;
}

/**
 * Lets a function consume a queue; it reports which messages of a batch failed. This is no component, so that the mapping
 * is a child of the caller's, as it is in deployed stacks.
 */
export function consumeQueue(
  name: string,
  { queue, consumer, batchSize, windowSeconds, maximumConcurrency, enabled }: QueueConsumption,
  options: pulumi.CustomResourceOptions,
): aws.lambda.EventSourceMapping {
  return new aws.lambda.EventSourceMapping(
    name,
    {
      eventSourceArn: queue.arn,
      functionName: consumer.function.arn,
      ...(enabled !== undefined && { enabled }),
      batchSize,
      ...(windowSeconds !== undefined && { maximumBatchingWindowInSeconds: windowSeconds }),
      functionResponseTypes: ["ReportBatchItemFailures"],
      scalingConfig: { maximumConcurrency },
    },
    options,
  );
}

/**
 * Lets a function send the messages of its queue to that queue again, which it does with those that wait longer than the
 * queue keeps one. Lambda's loop detection would drop a message after about 16 rounds.
 */
export function letResend(
  name: string,
  consumer: BundledFunction,
  options: pulumi.CustomResourceOptions,
): void {
  new aws.lambda.FunctionRecursionConfig(
    name,
    { functionName: consumer.function.name, recursiveLoop: "Allow" },
    options,
  );
}
