import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "aws-lambda";
import { askShard } from "../../core/findable/ask-shard.ts";
import type { FindableReport } from "../../core/findable/report.ts";
import { loggedMetrics } from "../../core/metrics.ts";
import { processLog } from "../../core/process/process-log.ts";
import { collectionOf } from "../../core/receipts/shards.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { readEnvironment } from "../../core/settings/environment.ts";
import { countReport } from "../../core/verify/count-report.ts";
import type { ShardReport } from "../../core/verify/report.ts";
import { parseVerifyRequest, type VerifyRequest } from "../../core/verify/request.ts";
import { type VerifyDeps, verifyShard } from "../../core/verify/verify-shard.ts";
import { verifyConfig } from "./config.ts";
import { queueOfShards, verifyDeps } from "./deps.ts";

/** Of the time limit; near its end a duration alarm goes off. */
const shareOfTime = 0.85;

const environment = readEnvironment(verifyConfig);
const queues = queueOfShards(environment);
const log = processLog("verify");
const metrics = loggedMetrics("verify");
const files = {
  collectionsPath: environment.COLLECTIONS_PATH,
  library: join(import.meta.dirname, "chroma.node"),
  scratch: join(tmpdir(), "vectorkeep-verify"),
};

/**
 * Compares a shard, from the receipt on that the request says, with what is true; or has its vectors ask for themselves.
 */
export async function handler(event: unknown, context: Context): Promise<ShardReport | FindableReport> {
  log.addContext(context);
  const request = parseVerifyRequest(event, [...queues.keys()]);
  const { shard } = request;
  // An invocation that was cut off leaves its copy behind, and two would fill the disk.
  await rm(files.scratch, { recursive: true, force: true });
  const deps = verifyDeps(environment, { shard, queue: queues.get(shard) ?? "", files, log });
  const deadline = monotonicClock.now() + shareOfTime * context.getRemainingTimeInMillis();
  return request.findable ? ask(deps, request, request.findable, deadline) : compare(deps, request, deadline);
}

async function compare(deps: VerifyDeps, { numbers, after }: VerifyRequest, deadline: number) {
  const settleMs = environment.SETTLE_SECONDS * 1000;
  const report = await verifyShard(deps, { numbers, after, settleMs, deadline });
  countReport(metrics, report);
  metrics.write();
  return report;
}

async function ask(
  deps: VerifyDeps,
  { shard, after }: VerifyRequest,
  { sample, seed }: NonNullable<VerifyRequest["findable"]>,
  deadline: number,
) {
  const exactVectors = environment.QUERY_EXACT_VECTORS;
  const report = await askShard(deps, { sample: { size: sample, seed }, exactVectors, after, deadline });
  const own = loggedMetrics("verify", collectionOf(shard));
  own.count("VectorsNotFound", report.not_found);
  own.write();
  return report;
}
