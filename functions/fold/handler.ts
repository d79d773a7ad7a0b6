import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { answerFoldRequest } from "../../core/collections/fold/answer-fold-request.ts";
import { queuedMessage } from "../../core/collections/messages/queued-message.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { compactionConfig } from "./config.ts";
import { foldFunctionDeps } from "./deps.ts";

/** Lambda must not time out before the fold has ended. */
const reserveMs = 5_000;

/** Folds the shard in a message: one message per invocation. A message whose fold must wait returns to the queue. */
export const handler = defineFunction({
  name: "fold",
  // The service name of compaction, so that one alarm covers both.
  metrics: "compaction",
  config: compactionConfig,
  deps: foldFunctionDeps,
  async handle(event: SQSEvent, deps, { remainingMs }): Promise<SQSBatchResponse> {
    const deadline = monotonicClock.now() + remainingMs - reserveMs;
    const batchItemFailures: SQSBatchResponse["batchItemFailures"] = [];
    for (const record of event.Records) {
      const done = await answerFoldRequest(deps, queuedMessage(record), deadline);
      if (!done) batchItemFailures.push({ itemIdentifier: record.messageId });
    }
    return { batchItemFailures };
  },
});
