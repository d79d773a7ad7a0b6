import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Context } from "aws-lambda";
import { loggedMetrics } from "../../core/metrics.ts";
import { processLog } from "../../core/process/process-log.ts";
import { monotonicClock } from "../../core/resilience/clock.ts";
import { readEnvironment } from "../../core/settings/environment.ts";
import { countReport } from "../../core/verify/count-report.ts";
import type { ShardReport } from "../../core/verify/report.ts";
import { parseVerifyRequest } from "../../core/verify/request.ts";
import { verifyShard } from "../../core/verify/verify-shard.ts";
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

/** Compares a shard, from the receipt on that the request says, with what is true. */
export async function handler(event: unknown, context: Context): Promise<ShardReport> {
  log.addContext(context);
  const { shard, numbers, after } = parseVerifyRequest(event, [...queues.keys()]);
  // An invocation that was cut off leaves its copy behind, and two would fill the disk.
  await rm(files.scratch, { recursive: true, force: true });
  const report = await verifyShard(
    verifyDeps(environment, { shard, queue: queues.get(shard) ?? "", files, log }),
    {
      numbers,
      after,
      settleMs: environment.SETTLE_SECONDS * 1000,
      deadline: monotonicClock.now() + shareOfTime * context.getRemainingTimeInMillis(),
    },
  );
  countReport(metrics, report);
  metrics.write();
  return report;
}
