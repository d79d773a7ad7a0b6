import type { SQSBatchResponse, SQSEvent } from "aws-lambda";
import { runCycle } from "../../core/collections/cycle/cycle.ts";
import { queuedMessage } from "../../core/collections/messages/queued-message.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { compactionConfig } from "./config.ts";
import { compactionDeps } from "./deps.ts";
import { sourceOf } from "./event.ts";

/** Lambda must not time out before the cycle has ended. */
const reserveMs = 2_000;

/** Runs a cycle of the shard whose queue the messages are from. Unfinished messages return to the queue. */
export const handler = defineFunction({
  name: "compaction",
  metrics: "compaction",
  config: compactionConfig,
  deps: compactionDeps,
  async handle(event: SQSEvent, { shards, cycleOf }, { remainingMs }): Promise<SQSBatchResponse> {
    const deadline = monotonicClock.now() + remainingMs - reserveMs;
    const deps = cycleOf(sourceOf(event, shards));
    const { returned } = await runCycle(deps, event.Records.map(queuedMessage), deadline);
    return { batchItemFailures: returned.map(({ messageId }) => ({ itemIdentifier: messageId })) };
  },
});
