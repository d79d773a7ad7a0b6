import type { SQSBatchResponse, SQSEvent } from "aws-lambda";

import { ingestMessages } from "../../core/ingest/ingest-messages.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { batchResponse, deliveriesOf } from "../../core/queues/sqs-event.ts";
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
    const deliveries = deliveriesOf(event);
    const outcomes = await ingestMessages(deliveries, deps);
    const failed = outcomes.flatMap((outcome) => {
      const delivery = deliveries.find(({ messageId }) => messageId === outcome.messageId);
      if (outcome.result !== "failed" || delivery === undefined) return [];
      return [{ ...delivery, byInput: outcome.byInput, reason: outcome.reason }];
    });
    return batchResponse(await deps.embedQueue.giveBack(failed));
  },
});
