import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  type MessageAttributeValue,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";

/** A received message of a dead-letter queue. */
export interface Letter {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  /** groupId and deduplicationId are set for FIFO queues only. */
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  /**
   * Epoch milliseconds. In a standard queue, SQS preserves the time when it moves a message to the dead-letter queue.
   */
  readonly sentAt: number;
}

export interface DeadLetterSource {
  readonly sqs: SQSClient;
  readonly url: string;
}

const messagesPerCall = 10;
/** Visibility timeout: the time after which other consumers receive a message if this process crashes. */
const hiddenSeconds = 60;
/** Long polling queries all SQS servers; short polling only some. */
const waitSeconds = 1;

/**
 * Iterates over a queue once, ten messages at a time. Each message is visited once, and deleted if the visit returns
 * it; all others return to the queue at the end. Receives do not matter, because a dead-letter queue has no dead-letter
 * queue of its own. A FIFO queue delivers no more messages of a group while ten of it are in flight. Resolves to the
 * messages that could not be deleted.
 */
export async function throughQueue(
  queue: DeadLetterSource,
  visit: (deadLetters: readonly Letter[]) => Promise<readonly Letter[]>,
  most = Number.POSITIVE_INFINITY,
): Promise<Letter[]> {
  const visited = new Set<string>();
  const inHand = new Map<string, Letter>();
  const refused: Letter[] = [];
  try {
    while (visited.size < most) {
      const received = await receive(queue, Math.min(messagesPerCall, most - visited.size));
      for (const deadLetter of received) inHand.set(deadLetter.messageId, deadLetter);
      const fresh = received.filter(({ messageId }) => !visited.has(messageId));
      if (fresh.length === 0) break;
      for (const { messageId } of fresh) visited.add(messageId);
      const due = await visit(fresh);
      refused.push(...(await remove(queue, due)));
      for (const { messageId } of due) inHand.delete(messageId);
    }
  } finally {
    await returnToQueue(queue, [...inHand.values(), ...refused]);
  }
  return refused;
}

/** Approximate number of messages in the queue, including those in flight. */
export async function countOf({ sqs, url }: DeadLetterSource): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: url,
      AttributeNames: [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
      ],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

async function receive({ sqs, url }: DeadLetterSource, most: number): Promise<Letter[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: most,
      VisibilityTimeout: hiddenSeconds,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ["MessageGroupId", "MessageDeduplicationId", "SentTimestamp"],
      MessageAttributeNames: ["All"],
    }),
  );
  return Messages.map(deadLetterOf);
}

function deadLetterOf(message: Message): Letter {
  return {
    messageId: message.MessageId ?? "",
    receiptHandle: message.ReceiptHandle ?? "",
    body: message.Body ?? "",
    attributes: message.MessageAttributes ?? {},
    groupId: message.Attributes?.MessageGroupId,
    deduplicationId: message.Attributes?.MessageDeduplicationId,
    sentAt: Number(message.Attributes?.SentTimestamp ?? 0),
  };
}

async function remove({ sqs, url }: DeadLetterSource, deadLetters: readonly Letter[]): Promise<Letter[]> {
  if (deadLetters.length === 0) return [];
  const Entries = deadLetters.map(({ receiptHandle }, index) => ({
    Id: String(index),
    ReceiptHandle: receiptHandle,
  }));
  const { Failed = [] } = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
  return Failed.flatMap(({ Id }) => deadLetters[Number(Id)] ?? []);
}

/** A message that cannot be returned now becomes visible after its timeout. */
async function returnToQueue({ sqs, url }: DeadLetterSource, deadLetters: readonly Letter[]): Promise<void> {
  for (let from = 0; from < deadLetters.length; from += messagesPerCall) {
    const Entries = deadLetters.slice(from, from + messagesPerCall).map(({ receiptHandle }, index) => ({
      Id: String(index),
      ReceiptHandle: receiptHandle,
      VisibilityTimeout: 0,
    }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries }));
  }
}
