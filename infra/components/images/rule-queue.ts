import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { QueueWithDlq } from "../queue-with-dlq.ts";

const hour = 3600;

export interface RuleQueueArgs {
  readonly description: string;
  readonly pattern: pulumi.Input<object>;
  readonly consumerTimeoutSeconds: number;
  readonly maxReceiveCount: number;
  /** The queue for events that EventBridge could not deliver. */
  readonly undelivered: aws.sqs.Queue;
}

/** A rule of the default event bus, and the queue that gets its events. Only this rule may send to the queue. */
export class RuleQueue extends pulumi.ComponentResource {
  readonly rule: aws.cloudwatch.EventRule;
  readonly queue: aws.sqs.Queue;
  readonly deadLetters: aws.sqs.Queue;

  constructor(name: string, args: RuleQueueArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:RuleQueue", name, {}, options);
    const inside = { parent: this };
    this.rule = new aws.cloudwatch.EventRule(
      name,
      { name, description: args.description, eventPattern: pulumi.jsonStringify(args.pattern) },
      inside,
    );
    const { queue, deadLetters } = new QueueWithDlq(
      name,
      {
        fifo: false,
        consumerTimeoutSeconds: args.consumerTimeoutSeconds,
        windowSeconds: 0,
        maxReceiveCount: args.maxReceiveCount,
        senders: [this.rule],
      },
      inside,
    );
    this.queue = queue;
    this.deadLetters = deadLetters;
    new aws.cloudwatch.EventTarget(
      name,
      {
        rule: this.rule.name,
        arn: queue.arn,
        deadLetterConfig: { arn: args.undelivered.arn },
        retryPolicy: { maximumEventAgeInSeconds: hour, maximumRetryAttempts: 20 },
      },
      inside,
    );
    this.registerOutputs();
  }
}
