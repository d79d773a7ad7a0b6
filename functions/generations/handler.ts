import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "aws-lambda";
import {
  type CheckAnswer,
  type ListAnswer,
  parseGenerationsRequest,
  type RebuildAnswer,
  type RestoreAnswer,
} from "../../core/collections/generations/generations-request.ts";
import { listGenerations } from "../../core/collections/generations/list-generations.ts";
import { restoreGeneration } from "../../core/collections/generations/restore-generation.ts";
import { checkHead, type HeadCheck } from "../../core/collections/rebuild/check-head.ts";
import { rebuildShard } from "../../core/collections/rebuild/rebuild-shard.ts";
import { errorFields } from "../../core/log.ts";
import { processLog } from "../../core/process-log.ts";
import type { ShardName } from "../../core/receipts/shards.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { readEnvironment } from "../../core/settings/environment.ts";
import { generationsDeps, shardsOf } from "./deps.ts";
import { generationsEnvironment } from "./environment.ts";

/** Compaction may hold the lease through a whole cycle, and then through the next. */
const leaseMaxWaitMs = 300_000;
/** Of the time limit. The rest is for storing what was done. */
const shareOfTime = 0.6;

const environment = readEnvironment(generationsEnvironment);
const log = processLog("generations");
const shards = shardsOf(environment);
const depsOf = generationsDeps(environment, {
  library: join(import.meta.dirname, "chroma.node"),
  scratch: tmpdir(),
  log,
});

/** Lists the generations of a shard, publishes an old one again or one from the deltas, or checks that all heads are there. */
export async function handler(
  event: unknown,
  context: Context,
): Promise<ListAnswer | RestoreAnswer | RebuildAnswer | CheckAnswer> {
  log.addContext(context);
  const request = parseGenerationsRequest(event, shards);
  switch (request.operation) {
    case "check":
      return {
        shards: await Promise.all(shards.map(async (shard) => ({ shard, head: await check(shard) }))),
      };
    case "list":
      return { generations: await listGenerations(depsOf(request.shard)) };
    case "restore":
      return restore(request.shard, request.generation);
    case "rebuild":
      return rebuild(request.shard, request.rebuild, context.getRemainingTimeInMillis());
  }
}

/** One shard that cannot be checked keeps no other from being checked. */
async function check(shard: ShardName): Promise<HeadCheck | "unknown"> {
  try {
    return await checkHead(depsOf(shard));
  } catch (error) {
    log.error("The head of a shard could not be checked", { shard, ...errorFields(error) });
    return "unknown";
  }
}

async function restore(shard: ShardName, generation: number): Promise<RestoreAnswer> {
  const deps = depsOf(shard);
  const { head, content, receipts, silent } = await restoreGeneration(deps, generation, leaseMaxWaitMs);
  return {
    generation: head.generation,
    name: head.name,
    content,
    receipts: receipts.length,
    silent: [...silent],
  };
}

async function rebuild(
  shard: ShardName,
  id: string | undefined,
  remainingMs: number,
): Promise<RebuildAnswer> {
  const until = monotonicClock.now() + shareOfTime * remainingMs;
  const maxWaitMs = Math.min(leaseMaxWaitMs, remainingMs / 3);
  const done = await rebuildShard(depsOf(shard), { id, until, maxWaitMs });
  if (done.state === "unfinished") {
    return { state: done.state, rebuild: done.id, done: done.done, known: done.known };
  }
  const { head, receipts, vectors, leftOut, named } = done;
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
