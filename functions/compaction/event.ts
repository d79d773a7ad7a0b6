import type { SQSEvent, SQSRecord } from "aws-lambda";
import type { QueuedMessage } from "../../core/collections/collection-queue.ts";
import { Failure } from "../../core/failure.ts";
import { type Collection, collections } from "../../core/receipts/receipt.ts";
import type { Settings } from "./environment.ts";

/** Messages came from a queue that belongs to no collection. */
export class QueueUnknown extends Failure {
  constructor(arn: string | undefined) {
    super(
      `Messages came from ${arn ?? "no queue"}, which is the queue of no collection.`,
      "Map only the queues of LINES_QUEUE_URL and WORDS_QUEUE_URL to this function.",
    );
  }
}

/** The collection whose queue the event is from. Throws QueueUnknown. */
export function collectionOf(event: SQSEvent, settings: Settings): Collection {
  const arn = event.Records[0]?.eventSourceARN;
  const urls = { lines: settings.LINES_QUEUE_URL, words: settings.WORDS_QUEUE_URL };
  const found = collections.find(
    (collection) => arn?.split(":").at(-1) === urls[collection].split("/").at(-1),
  );
  if (found === undefined) throw new QueueUnknown(arn);
  return found;
}

export function queuedMessage(record: SQSRecord): QueuedMessage {
  return {
    messageId: record.messageId,
    receiptHandle: record.receiptHandle,
    body: record.body,
    groupId: record.attributes.MessageGroupId ?? "",
    deduplicationId: record.attributes.MessageDeduplicationId ?? "",
    attributes: Object.fromEntries(
      Object.entries(record.messageAttributes).map(([name, { stringValue }]) => [name, stringValue ?? ""]),
    ),
    receives: Number(record.attributes.ApproximateReceiveCount),
    delivered: true,
  };
}
