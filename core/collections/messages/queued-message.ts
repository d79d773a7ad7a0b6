import type { SQSRecord } from "aws-lambda";
import type { QueuedMessage } from "./collection-queue.ts";

/** A message that an event source mapping has delivered. */
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
