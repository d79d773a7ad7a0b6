import { type Job, UnrecoverableError } from "bullmq";
import { RowsDisagreeError } from "../../catchup/sources/read-rows.ts";
import { SourceChangedError } from "../../catchup/sources/source-store.ts";
import { type RunChunkDeps, runChunk } from "../../catchup/work/run-chunk.ts";
import { errorFields } from "../../log.ts";
import { InputError } from "../../vectorkeep-error.ts";
import { type ChunkJob, chunkJob } from "../broker/jobs.ts";
import { deferred, deferUntil } from "./deferral.ts";
import type { Outages } from "./outages.ts";

export interface ChunkProcessorDeps extends RunChunkDeps {
  readonly outages: Pick<Outages, "check">;
}

/**
 * Processes the job of a chunk. A rate limit or an unavailable dependency defers the job, which is not an attempt.
 * Permanent errors are not retried.
 */
export async function processChunkJob(
  job: Job<ChunkJob>,
  token: string,
  deps: ChunkProcessorDeps,
): Promise<void> {
  const { task_id: taskId, chunk } = chunkJob.parse(job.data);
  const fields = { task_id: taskId, chunk: chunk.chunk };
  try {
    deps.outages.check();
    await runChunk({ taskId, chunk }, deps);
  } catch (error) {
    const until = deferUntil(error);
    if (until !== undefined) {
      deps.log.info("A chunk is deferred", { ...fields, ...errorFields(error) });
      throw await deferred(job, token, until);
    }
    const isLast = isPermanent(error) || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    const line = isLast ? "A chunk failed permanently" : "A chunk failed and is retried";
    deps.log.error(line, { ...fields, attempt: job.attemptsMade + 1, ...errorFields(error) });
    deps.metrics.count("BulkChunksFailed", isLast ? 1 : 0);
    if (isPermanent(error)) throw new UnrecoverableError(errorFields(error).reason);
    throw error;
  }
  deps.metrics.count("BulkChunksProcessed", 1);
}

/** Whether every attempt would fail alike: the source has changed, or reads differently than planned. */
function isPermanent(error: unknown): boolean {
  return (
    error instanceof InputError || error instanceof SourceChangedError || error instanceof RowsDisagreeError
  );
}
