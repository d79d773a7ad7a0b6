import type { SQSBatchResponse, SQSEvent } from "aws-lambda";

import { ingestMessages } from "../../core/ingest/ingest-messages.ts";
import type { Outcome } from "../../core/ingest/outcome.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import type { FailedDelivery } from "../../core/queues/consumed-queue.ts";
import { embedConfig } from "./config.ts";
import { embedDeps } from "./deps.ts";

/** Embeds the receipts of the messages. Only failed messages return to the queue. */
export const handler = defineFunction({
  name: "embed",
  metrics: "embed",
  config: embedConfig,
  deps: embedDeps,
  // For writing deltas and runs after the last vector.
  reserveMs: 5_000,
  async handle(event: SQSEvent, depsFor, { giveUpAt }): Promise<SQSBatchResponse> {
    const deps = await depsFor(giveUpAt);
    const outcomes = await ingestMessages(deliveriesOf(event), deps);
    const failed = outcomes.filter((outcome) => outcome.result === "failed");
    const redelivered = await deps.embedQueue.giveBack(failed.flatMap((one) => failedDelivery(event, one)));
    return { batchItemFailures: redelivered.map((itemIdentifier) => ({ itemIdentifier })) };
  },
});

function deliveriesOf({ Records }: SQSEvent) {
  return Records.map(({ messageId, body, attributes }) => ({
    messageId,
    body,
    sentTimestamp: Number(attributes.SentTimestamp),
  }));
}

function failedDelivery(
  event: SQSEvent,
  { messageId, byInput, reason }: Extract<Outcome, { result: "failed" }>,
): FailedDelivery[] {
  const record = event.Records.find((one) => one.messageId === messageId);
  if (record === undefined) return [];
  const { receiptHandle, body, attributes } = record;
  const sentTimestamp = Number(attributes.SentTimestamp);
  const receives = Number(attributes.ApproximateReceiveCount);
  return [{ messageId, receiptHandle, body, sentTimestamp, receives, byInput, reason }];
}
