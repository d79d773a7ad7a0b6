import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { DeadLetterQueue, deadLetterSeconds } from "./dead-letter-queue.ts";
import { restrictAccess, type Sender } from "./queue-access.ts";

const fourDays = 4 * 24 * 3600;
/** Between the receive of a batch and the start of its function. */
const pollerSeconds = 10;

/** Maximum lifetime of a message: in its queue, then in the dead-letter queue. */
export const maxMessageSeconds = fourDays + deadLetterSeconds;

export interface QueueWithDlqArgs {
  /** FIFO queues order messages within a group. */
  readonly fifo: boolean;
  /** Timeout of the function that consumes the queue. */
  readonly consumerTimeoutSeconds: number;
  /** Batching window of the mapping that feeds the function; 0 for a FIFO queue. */
  readonly windowSeconds: number;
  /** Receives, throttled ones included, before a message moves to the dead-letter queue. */
  readonly maxReceiveCount: number;
  /** EventBridge rules that send to the queue. @default none */
  readonly senders?: readonly Sender[];
}

/**
 * A queue with a dead-letter queue.
 *
 * - The visibility timeout is the consumer's timeout plus the batching window plus a margin for the poller. This is AWS's
 *   minimum, so that a consumer that crashes before its first call delays its messages no longer (F39). AWS recommends
 *   six times the timeout to absorb throttling; here the max receive count absorbs it.
 * - Messages are kept for four days, dead letters for two weeks.
 * - A FIFO queue is in high-throughput mode, which costs the same and lifts the limit of 300 calls per second.
 */
export class QueueWithDlq extends pulumi.ComponentResource {
  readonly queue: aws.sqs.Queue;
  readonly deadLetters: aws.sqs.Queue;

  constructor(name: string, args: QueueWithDlqArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:QueueWithDeadLetters", name, {}, options);
    const inside = { parent: this };
    this.deadLetters = new DeadLetterQueue(`${name}-dead-letters`, { fifo: args.fifo }, inside).queue;
    this.queue = new aws.sqs.Queue(
      name,
      {
        name: args.fifo ? `${name}.fifo` : name,
        ...(args.fifo && highThroughputFifo),
        visibilityTimeoutSeconds: visibilitySeconds(args),
        messageRetentionSeconds: fourDays,
        sqsManagedSseEnabled: true,
        redrivePolicy: pulumi.jsonStringify({
          deadLetterTargetArn: this.deadLetters.arn,
          maxReceiveCount: args.maxReceiveCount,
        }),
      },
      inside,
    );
    restrictAccess(name, this.queue, this, args.senders);
    new aws.sqs.RedriveAllowPolicy(
      `${name}-dead-letters`,
      {
        queueUrl: this.deadLetters.url,
        redriveAllowPolicy: pulumi.jsonStringify({
          redrivePermission: "byQueue",
          sourceQueueArns: [this.queue.arn],
        }),
      },
      inside,
    );
    this.registerOutputs();
  }
}

/** The visibility timeout without a heartbeat. */
export function visibilitySeconds({
  consumerTimeoutSeconds,
  windowSeconds,
}: Pick<QueueWithDlqArgs, "consumerTimeoutSeconds" | "windowSeconds">): number {
  return consumerTimeoutSeconds + windowSeconds + pollerSeconds;
}

const highThroughputFifo = {
  fifoQueue: true,
  deduplicationScope: "messageGroup",
  fifoThroughputLimit: "perMessageGroupId",
};
