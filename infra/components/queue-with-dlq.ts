import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { DeadLetterQueue, deadLetterSeconds } from "./dead-letter-queue.ts";
import { restrictAccess } from "./queue-access.ts";

const fourDays = 4 * 24 * 3600;
/** Between the receive of a batch and the start of its function. */
const pollerSeconds = 10;

/** As long as a message can be somewhere: in its queue, and in the dead letters after it. */
export const maxMessageSeconds = fourDays + deadLetterSeconds;

export interface QueueWithDlqArgs {
  /** FIFO queues order messages within a group. */
  readonly fifo: boolean;
  /** Time limit of the function that consumes the queue. */
  readonly consumerTimeoutSeconds: number;
  /** Batching window of the mapping that feeds the function; 0 for a FIFO queue. */
  readonly windowSeconds: number;
  /** Receives, throttled ones included, before a message is moved to the dead letters. */
  readonly maxReceiveCount: number;
}

/**
 * A queue whose messages end somewhere: handled, or in its dead-letter queue.
 *
 * - Visibility is the consumer's time limit, the window and a moment for the poller: the least that AWS takes, so that a
 *   consumer that dies before its first call costs no more than that (F39). AWS advises six times the limit, for the
 *   sake of throttled batches: here their receives are covered by a max receive count that outlasts them.
 * - Messages live four days, dead letters two weeks.
 * - A FIFO queue is in high-throughput mode, which costs the same and lifts the 300 calls a second.
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
    restrictAccess(name, this.queue, this);
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

/** How long a message is hidden that nobody extends. */
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
