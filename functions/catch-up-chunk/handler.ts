import type { Context } from "aws-lambda";
import * as z from "zod";
import { chunkDeps } from "../../core/catchup/host/chunk-deps.ts";
import { chunkEnvironment } from "../../core/catchup/host/chunk-environment.ts";
import { chunk } from "../../core/catchup/sources/plan.ts";
import { runChunk } from "../../core/catchup/work/run-chunk.ts";
import { silentMetrics } from "../../core/metrics.ts";
import { processLog } from "../../core/process-log.ts";
import { readEnvironment } from "../../core/settings/environment.ts";

/** Kept for writing the result after the providers' last answer. */
const reserveMs = 10_000;

const log = processLog("catch-up-chunk");
const depsFor = chunkDeps(readEnvironment(chunkEnvironment), { log, metrics: silentMetrics });
const event = z.object({ task_id: z.string(), chunk });

/** Works on one chunk of a task. Returns nothing: its result is in S3, its counts are in the task's items. */
export async function handler(input: unknown, context: Context): Promise<void> {
  log.addContext(context);
  const { task_id: taskId, chunk } = event.parse(input);
  const deps = await depsFor(Date.now() + context.getRemainingTimeInMillis() - reserveMs);
  await runChunk({ taskId, chunk }, deps);
}
