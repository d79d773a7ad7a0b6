import type { ShardName } from "../../../contract/collections.ts";
import { exponentialSeconds } from "../../resilience/backoff.ts";
import type { CollectionQueue, QueuedMessage } from "../messages/collection-queue.ts";
import { parseFoldRequest } from "../messages/fold-request.ts";
import { type FoldOutcome, foldShard } from "./fold.ts";
import type { FoldDeps } from "./fold-deps.ts";

/** Doubled with each receive; one that failed by what has passed is soon tried again. */
const afterFailure = { firstSeconds: 5, maxSeconds: 300 };

export interface FoldRequestDeps {
  readonly shards: readonly ShardName[];
  readonly depsOf: (shard: ShardName) => FoldDeps;
  /** The queue of the requests. */
  readonly queue: Pick<CollectionQueue, "hide">;
}

/**
 * Does what a message asks for. False where it has to be redelivered: another process holds a lease that it needs, or a rebuild goes on. A heartbeat
 * keeps it hidden for a lease time only, so that it is soon redelivered where the process dies.
 * Throws FoldRequestInvalidError, FoldOutdatedError, and what a fold fails with.
 */
export async function answerFoldRequest(
  { shards, depsOf, queue }: FoldRequestDeps,
  message: QueuedMessage,
  deadline: number,
): Promise<boolean> {
  const request = parseFoldRequest(message.body, shards);
  const deps = depsOf(request.shard);
  const hiddenSeconds = Math.ceil(deps.config.leaseMs / 1000);
  const beat = () => queue.hide([message], hiddenSeconds);
  try {
    await beat();
    const outcome = await foldShard({ ...deps, beat }, request, deadline);
    if (isDone(outcome)) return true;
    await queue.hide([message], outcome === "busy" ? hiddenSeconds : 0);
    return false;
  } catch (error) {
    const seconds = exponentialSeconds(afterFailure, message.receives);
    // It is redelivered in any case.
    await queue.hide([message], seconds).catch(() => undefined);
    throw error;
  }
}

function isDone(outcome: FoldOutcome): boolean {
  return outcome !== "busy" && outcome !== "unfinished";
}
