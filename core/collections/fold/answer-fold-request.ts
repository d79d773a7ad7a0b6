import type { ShardName } from "../../../contract/collections.ts";
import { exponentialSeconds } from "../../resilience/backoff.ts";
import type { CollectionQueue, QueuedMessage } from "../messages/collection-queue.ts";
import { parseFoldRequest } from "../messages/fold-request.ts";
import { type FoldOutcome, foldShard } from "./fold.ts";
import type { FoldDeps } from "./fold-deps.ts";

/** The delay doubles with each receive; a request that failed with a transient error is retried soon. */
const afterFailure = { firstSeconds: 5, maxSeconds: 300 };

export interface FoldRequestDeps {
  readonly shards: readonly ShardName[];
  readonly depsOf: (shard: ShardName) => FoldDeps;
  /** The queue of fold requests. */
  readonly queue: Pick<CollectionQueue, "hide">;
}

/**
 * Performs the fold that a message requests. Resolves to false if the message must be redelivered, because another
 * process holds a lease that the fold needs or because a rebuild is unfinished. A heartbeat hides the message for one
 * lease time at a time, so that it is redelivered soon after the process dies. Throws FoldRequestInvalidError,
 * FoldOutdatedError, and any error of the fold.
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
    // Best effort: the message is redelivered in any case.
    await queue.hide([message], seconds).catch(() => undefined);
    throw error;
  }
}

function isDone(outcome: FoldOutcome): boolean {
  return outcome !== "busy" && outcome !== "unfinished";
}
