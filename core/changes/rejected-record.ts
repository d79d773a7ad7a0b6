import { cutMessage } from "../text/cut-message.ts";
import { queueJson } from "../text/queue-json.ts";
import type { OutgoingMessage } from "./queue-publisher.ts";

/** Below SQS's limit of 1 MiB, with room for the reason. */
const maxBodyBytes = 1_000_000;

/**
 * The whole record with the reason. A record that is too large for a message is sent without its images, and the body
 * states this.
 */
export function rejectedRecord(record: unknown, reason: string): OutgoingMessage {
  const shortReason = cutMessage(reason);
  const whole = queueJson({ reason: shortReason, record });
  return {
    body: Buffer.byteLength(whole) <= maxBodyBytes ? whole : withoutImages(record, shortReason),
    messageAttributes: {},
  };
}

function withoutImages(record: unknown, reason: string): string {
  const { eventID, eventName, awsRegion, dynamodb } = record as Record<string, unknown>;
  const { Keys, SequenceNumber, ApproximateCreationDateTime } = (dynamodb ?? {}) as Record<string, unknown>;
  return queueJson({
    reason,
    images_left_out: true,
    record: {
      eventID,
      eventName,
      awsRegion,
      dynamodb: { Keys, SequenceNumber, ApproximateCreationDateTime },
    },
  });
}
