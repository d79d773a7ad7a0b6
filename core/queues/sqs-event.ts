import type { Delivery } from "./process-deliveries.ts";

/** The part of Lambda's SQS event that functions use. */
export interface QueueEvent {
  readonly Records: readonly {
    readonly messageId: string;
    readonly receiptHandle: string;
    readonly body: string;
    readonly attributes: { readonly SentTimestamp: string; readonly ApproximateReceiveCount: string };
  }[];
}

export function deliveriesOf({ Records }: QueueEvent): Delivery[] {
  return Records.map(({ messageId, receiptHandle, body, attributes }) => ({
    messageId,
    receiptHandle,
    body,
    sentTimestamp: Number(attributes.SentTimestamp),
    receives: Number(attributes.ApproximateReceiveCount),
  }));
}

/** Lambda's partial batch response: these messages are redelivered, all others are deleted. */
export function batchResponse(messageIds: readonly string[]) {
  return { batchItemFailures: messageIds.map((itemIdentifier) => ({ itemIdentifier })) };
}
