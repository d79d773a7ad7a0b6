import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context, SQSBatchResponse, SQSEvent } from "aws-lambda";
import { runCycle } from "../../core/collections/cycle/cycle.ts";
import type { CycleDeps } from "../../core/collections/cycle/cycle-deps.ts";
import { compactionClients, cycleDeps } from "../../core/collections/host/compaction-deps.ts";
import { compactionEnvironment } from "../../core/collections/host/compaction-environment.ts";
import { shardQueues } from "../../core/collections/messages/shard-queues.ts";
import { loggedMetrics } from "../../core/metrics.ts";
import { processLog } from "../../core/process-log.ts";
import type { ShardName } from "../../core/receipts/shards.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { readEnvironment } from "../../core/settings/environment.ts";
import { queuedMessage, sourceOf } from "./event.ts";

/** The platform's own end of an invocation must never come first. */
const reserveMs = 2_000;

const config = readEnvironment(compactionEnvironment);
const clients = compactionClients();
const shards = shardQueues(config);
const log = processLog("compaction");
const metrics = loggedMetrics("compaction");
/** What a warm process keeps between invocations, its copies of the generations above all. */
const warm = new Map<ShardName, CycleDeps>();

/** A mapping delivers messages of one queue, so of one shard. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  log.addContext(context);
  const deadline = monotonicClock.now() + context.getRemainingTimeInMillis() - reserveMs;
  const source = sourceOf(event, shards);
  const deps =
    warm.get(source.shard) ??
    cycleDeps(source, config, {
      clients,
      library: join(import.meta.dirname, "chroma.node"),
      scratch: tmpdir(),
      clock: monotonicClock,
      log,
      metrics,
    });
  warm.set(source.shard, deps);
  const returned = await runCycle(deps, event.Records.map(queuedMessage), deadline).finally(() =>
    metrics.write(),
  );
  return { batchItemFailures: returned.map(({ messageId }) => ({ itemIdentifier: messageId })) };
}
