import { rm } from "node:fs/promises";
import { collectionOf } from "../../contract/collections.ts";
import { askShard } from "../../core/findable/ask-shard.ts";
import type { FindableReport } from "../../core/findable/report.ts";
import { loggedMetrics } from "../../core/metrics.ts";
import { defineFunction } from "../../core/process/define-function.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { countReport } from "../../core/verify/count-report.ts";
import type { ShardReport } from "../../core/verify/report.ts";
import { parseVerifyRequest, type VerifyRequest } from "../../core/verify/request.ts";
import { verifyShard } from "../../core/verify/verify-shard.ts";
import { verifyConfig } from "./config.ts";
import { type VerifyFunctionDeps, verifyDeps } from "./deps.ts";

/** The share of the timeout that is used; closer to the timeout the duration alarm fires. */
const shareOfTime = 0.85;

/**
 * Compares a shard with the tables and deltas, starting after the receipt in the request; or searches for each of its
 * vectors.
 */
export const handler = defineFunction({
  name: "verify",
  metrics: "verify",
  config: verifyConfig,
  deps: verifyDeps,
  async handle(event: unknown, deps, { remainingMs }): Promise<ShardReport | FindableReport> {
    const request = parseVerifyRequest(event, deps.shards);
    // An invocation that timed out leaves its copy behind, and two copies would fill the disk.
    await rm(deps.scratch, { recursive: true, force: true });
    const deadline = monotonicClock.now() + shareOfTime * remainingMs;
    return request.findable
      ? ask(deps, request, request.findable, deadline)
      : compare(deps, request, deadline);
  },
});

async function compare(
  { depsOf, settleMs, metrics }: VerifyFunctionDeps,
  { shard, numbers, after }: VerifyRequest,
  deadline: number,
): Promise<ShardReport> {
  const report = await verifyShard(depsOf(shard), { numbers, after, settleMs, deadline });
  countReport(metrics, report);
  return report;
}

async function ask(
  { depsOf, exactVectors, maxVectors }: VerifyFunctionDeps,
  { shard, after }: VerifyRequest,
  { sample, seed }: NonNullable<VerifyRequest["findable"]>,
  deadline: number,
): Promise<FindableReport> {
  const report = await askShard(depsOf(shard), {
    sample: { size: sample, seed },
    exactVectors,
    maxVectors,
    after,
    deadline,
  });
  const ofCollection = loggedMetrics("verify", collectionOf(shard));
  ofCollection.count("VectorsNotFound", report.not_found);
  ofCollection.write();
  return report;
}
