import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import type { FailedDelivery } from "../../core/ingest/embed-queue.ts";
import { ingestMessages } from "../../core/ingest/ingest-messages.ts";
import type { Outcome } from "../../core/ingest/outcome.ts";
import { processLog } from "../../core/process-log.ts";
import { readEnvironment } from "../../core/settings/environment.ts";
import { embedDeps } from "./deps.ts";
import { embedEnvironment } from "./environment.ts";

/** Kept for writing deltas and runs after the last vector came. */
const reserveMs = 5_000;

const logger = processLog("embed");
const depsFor = embedDeps(readEnvironment(embedEnvironment), logger);

/** Embeds the receipts that the messages name; failed messages alone are delivered again. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  logger.addContext(context);
  const deps = await depsFor(Date.now() + context.getRemainingTimeInMillis() - reserveMs);
  const deliveries = event.Records.map(({ messageId, body, attributes }) => ({
    messageId,
    body,
    sentTimestamp: Number(attributes.SentTimestamp),
  }));
  const outcomes = await ingestMessages(deliveries, deps).finally(() => deps.metrics.write());
  const failed = outcomes.filter((outcome) => outcome.result === "failed");
  const redelivered = await deps.embedQueue.giveBack(failed.flatMap((one) => failedDelivery(event, one)));
  return { batchItemFailures: redelivered.map((itemIdentifier) => ({ itemIdentifier })) };
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
