import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { restrictAccess, type Sender } from "./queue-access.ts";

/** Two weeks, SQS's maximum retention. */
export const deadLetterSeconds = 14 * 24 * 3600;

export interface DeadLetterQueueArgs {
  /** A FIFO queue's dead letters go to a FIFO queue. */
  readonly fifo: boolean;
  /** EventBridge rules that send undelivered events to the queue. @default none */
  readonly senders?: readonly Sender[];
}

/**
 * A dead-letter queue: it keeps messages that could not be processed for an operator. Nothing consumes it, so it has no dead-letter
 * queue itself.
 */
export class DeadLetterQueue extends pulumi.ComponentResource {
  readonly queue: aws.sqs.Queue;

  constructor(name: string, args: DeadLetterQueueArgs, options?: pulumi.ComponentResourceOptions) {
    super("vectorkeep:infra:DeadLetterQueue", name, {}, options);
    this.queue = new aws.sqs.Queue(
      name,
      {
        name: args.fifo ? `${name}.fifo` : name,
        ...(args.fifo && { fifoQueue: true }),
        messageRetentionSeconds: deadLetterSeconds,
        sqsManagedSseEnabled: true,
      },
      { parent: this },
    );
    restrictAccess(name, this.queue, this, args.senders);
    this.registerOutputs();
  }
}
