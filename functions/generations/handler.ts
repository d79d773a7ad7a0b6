import type { ShardName } from "../../contract/collections.ts";
import {
  type CheckAnswer,
  type ListAnswer,
  parseGenerationsRequest,
  type RebuildAnswer,
  type RestoreAnswer,
} from "../../core/collections/generations/generations-request.ts";
import { listGenerations } from "../../core/collections/generations/list-generations.ts";
import { checkHead, type HeadCheck } from "../../core/collections/rebuild/check-head.ts";
import { rebuildShard } from "../../core/collections/rebuild/rebuild-shard.ts";
import { restoreGeneration } from "../../core/collections/restore/restore-generation.ts";
import { errorFields } from "../../core/log.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { generationsConfig } from "./config.ts";
import { type GenerationsDeps, type GenerationsFunctionDeps, generationsDeps } from "./deps.ts";

/** Compaction may hold the lease for a whole cycle and then for the next one. */
const leaseMaxWaitMs = 300_000;
/** Share of the remaining time for the rebuild; the rest is for storing its checkpoint. */
const shareOfTime = 0.6;

/**
 * Lists the generations of a shard, restores an old one, rebuilds the shard from its deltas, or checks that all heads
 * exist.
 */
export const handler = defineFunction({
  name: "generations",
  config: generationsConfig,
  deps: generationsDeps,
  async handle(
    event: unknown,
    deps,
    { remainingMs },
  ): Promise<ListAnswer | RestoreAnswer | RebuildAnswer | CheckAnswer> {
    const request = parseGenerationsRequest(event, deps.shards);
    switch (request.operation) {
      case "check":
        return { shards: await Promise.all(deps.shards.map((shard) => check(shard, deps))) };
      case "list":
        return { generations: await listGenerations(deps.depsOf(request.shard)) };
      case "restore":
        return restore(deps.depsOf(request.shard), request.generation);
      case "rebuild":
        return rebuild(deps.depsOf(request.shard), request.rebuild, remainingMs);
    }
  },
});

/** Checks one shard. Its failure does not prevent the checks of the others. */
async function check(
  shard: ShardName,
  { depsOf, log }: GenerationsFunctionDeps,
): Promise<{ shard: ShardName; head: HeadCheck | "unknown" }> {
  try {
    return { shard, head: await checkHead(depsOf(shard)) };
  } catch (error) {
    log.error("The head of a shard could not be checked", { shard, ...errorFields(error) });
    return { shard, head: "unknown" };
  }
}

async function restore(deps: GenerationsDeps, generation: number): Promise<RestoreAnswer> {
  const {
    head,
    content,
    documents: receipts,
    silent,
  } = await restoreGeneration(deps, generation, leaseMaxWaitMs);
  return {
    generation: head.generation,
    name: head.name,
    content,
    receipts: receipts.length,
    silent: [...silent],
  };
}

async function rebuild(
  deps: GenerationsDeps,
  id: string | undefined,
  remainingMs: number,
): Promise<RebuildAnswer> {
  const until = monotonicClock.now() + shareOfTime * remainingMs;
  const maxWaitMs = Math.min(leaseMaxWaitMs, remainingMs / 3);
  const done = await rebuildShard(deps, { id, until, maxWaitMs });
  if (done.state === "unfinished") {
    return { state: done.state, rebuild: done.id, done: done.done, known: done.known };
  }
  const { head, documents: receipts, vectors, leftOut, named } = done;
  return {
    state: done.state,
    rebuild: done.id,
    generation: head.generation,
    name: head.name,
    receipts,
    vectors,
    left_out: leftOut,
    named: [...named],
  };
}
