import { SqsQueue, SqsStore } from "../../../node_modules/fauxqs/dist/sqs/sqsStore.js";
import { accountId } from "../../protocol/account.ts";

type Received = ReturnType<SqsQueue["dequeue"]>;

type HeldMessage = SqsQueue["messages"][number];

/** The handles under which a message was received, the newest last. */
const receipts = new WeakMap<HeldMessage, string[]>();
/** The number of handles that are kept per message; older ones are dropped. */
const receiptsKept = 100;

/** fauxqs's queue with the rules of AWS where they differ. */
export class Queue extends SqsQueue {
  override dequeue(...args: Parameters<SqsQueue["dequeue"]>): Received {
    const received = this.dequeueInOrder(...args);
    for (const { ReceiptHandle } of received) {
      const message = this.inflightMessages.get(ReceiptHandle)?.message;
      if (message === undefined) continue;
      receipts.set(message, [...(receipts.get(message) ?? []), ReceiptHandle].slice(-receiptsKept));
    }
    return received;
  }

  /** Whether a message that is still in the queue was once received under this handle. */
  remembers(receiptHandle: string): boolean {
    const returned = [this.messages, ...this.fifoMessages.values()];
    const held = [...this.inflightMessages.values()].map(({ message }) => message);
    return [...returned, held].some((messages) =>
      messages.some((message) => receipts.get(message)?.includes(receiptHandle)),
    );
  }

  /** Deletes a message whose visibility has run out, unless it was received again since. */
  deleteReturned(receiptHandle: string): void {
    const at = this.messages.findIndex((message) => receipts.get(message)?.at(-1) === receiptHandle);
    if (at !== -1) this.messages.splice(at, 1);
  }

  /** A FIFO receive may hold several messages of one group, in order; fauxqs gives one a group. */
  private dequeueInOrder(...args: Parameters<SqsQueue["dequeue"]>): Received {
    const [maxCount, visibilityTimeout, deadLetterQueue] = args;
    if (!this.isFifo() || visibilityTimeout === 0) return super.dequeue(...args);
    this.processTimers();
    this.restoreGroupOrder();
    const received: Received = [];
    const heldByThisCall = new Map<string, number>();
    while (received.length < maxCount) {
      const oneEachGroup = super.dequeue(maxCount - received.length, visibilityTimeout, deadLetterQueue);
      if (oneEachGroup.length === 0) break;
      received.push(...oneEachGroup);
      for (const { ReceiptHandle } of oneEachGroup) {
        const group = this.inflightMessages.get(ReceiptHandle)?.message.messageGroupId ?? "";
        heldByThisCall.set(group, (heldByThisCall.get(group) ?? 0) + 1);
        this.fifoLockedGroups.delete(group);
      }
    }
    for (const [group, count] of heldByThisCall) this.fifoLockedGroups.set(group, count);
    return received;
  }

  /** Puts a received message back as if it had never been received. */
  unreceive(receiptHandle: string): void {
    const held = this.inflightMessages.get(receiptHandle);
    if (held === undefined) return;
    held.message.approximateReceiveCount--;
    this.changeVisibility(receiptHandle, 0);
  }

  /** Returned messages are in the order of their return; they belong in the order of their sequence numbers. */
  private restoreGroupOrder(): void {
    for (const group of this.fifoMessages.values()) {
      if (group.length > 1)
        group.sort((a, b) => (a.sequenceNumber ?? "").localeCompare(b.sequenceNumber ?? ""));
    }
  }
}

/** The saved state of a queue. */
export interface KeptQueue {
  readonly sequenceCounter: number;
  readonly messages: readonly HeldMessage[];
}

/** fauxqs's queues under URLs that resolve everywhere, with their timers settled before each use. */
export class QueueStore extends SqsStore {
  override createQueue(...args: Parameters<SqsStore["createQueue"]>): Queue {
    // The base class makes the queue itself; Queue adds methods only.
    const queue = Object.setPrototypeOf(super.createQueue(...args), Queue.prototype) as Queue;
    const kept = this.kept.get(queue.name);
    this.kept.delete(queue.name);
    if (kept !== undefined) queue.sequenceCounter = kept.sequenceCounter;
    for (const message of kept?.messages ?? []) queue.enqueue(message);
    return queue;
  }

  /** State for queues that are not created yet, by name. */
  readonly kept = new Map<string, KeptQueue>();

  /** The consumer of a message in flight is gone when this is restored, so the message is visible again. */
  save(): ReadonlyMap<string, KeptQueue> {
    return new Map(
      [...this.allQueues()].map((queue) => {
        const { ready, delayed, inflight } = queue.inspectMessages();
        const messages = [...inflight.map(({ message }) => message), ...ready, ...delayed];
        messages.sort((a, b) => (a.sequenceNumber ?? "").localeCompare(b.sequenceNumber ?? ""));
        return [queue.name, { sequenceCounter: queue.sequenceCounter, messages }] as const;
      }),
    );
  }

  override buildQueueUrl(name: string): string {
    return queuePath(name);
  }

  /** Finds a queue by its URL, whatever the host; expired visibility timeouts and delays have taken effect. */
  override getQueue(url: string): Queue | undefined {
    const queue = this.getQueueByName(url.split("/").at(-1) ?? "") as Queue | undefined;
    queue?.processTimers();
    return queue;
  }

  /** The queues whose redrive policy names this one as their dead-letter queue. */
  sourcesOf(deadLetterQueueArn: string): Queue[] {
    const queues = [...this.allQueues()] as Queue[];
    return queues.filter((queue) => deadLetterTarget(queue.attributes.RedrivePolicy) === deadLetterQueueArn);
  }
}

/** Returns the part of a queue URL after the endpoint's origin. */
export function queuePath(name: string): string {
  return `/${accountId}/${name}`;
}

/** The ARN of the dead-letter queue in a RedrivePolicy attribute; undefined if it is empty or not a policy. */
export function deadLetterTarget(redrivePolicy: string | undefined): string | undefined {
  if (!redrivePolicy) return undefined;
  try {
    const target: unknown = JSON.parse(redrivePolicy).deadLetterTargetArn;
    return typeof target === "string" ? target : undefined;
  } catch {
    return undefined;
  }
}
