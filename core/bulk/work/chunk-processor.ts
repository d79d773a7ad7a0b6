import { DelayedError, type Job, UnrecoverableError } from "bullmq";
import { IndexThrottledError } from "../../catchup/index/index-errors.ts";
import { RowsDisagreeError } from "../../catchup/sources/read-rows.ts";
import { SourceChangedError } from "../../catchup/sources/source-store.ts";
import { type RunChunkDeps, runChunk } from "../../catchup/work/run-chunk.ts";
import { EmbeddingThrottledError } from "../../embedding/embedding-errors.ts";
import { errorFields } from "../../log.ts";
import { InputError } from "../../vectorkeep-error.ts";
import { type ChunkJob, chunkJob } from "../broker/jobs.ts";

/** After a rate limit that left no capacity for minutes. */
const deferMs = 5_000;

/** Processes the job of a chunk. A rate limit defers it, which is no attempt; a permanent error is not retried. */
export async function processChunkJob(job: Job<ChunkJob>, token: string, deps: RunChunkDeps): Promise<void> {
  const { task_id: taskId, chunk } = chunkJob.parse(job.data);
  const fields = { task_id: taskId, chunk: chunk.chunk };
  try {
    await runChunk({ taskId, chunk }, deps);
  } catch (error) {
    if (isThrottled(error)) {
      await job.moveToDelayed(Date.now() + deferMs, token);
      deps.log.info("A chunk is deferred by a rate limit", { ...fields, ...errorFields(error) });
      throw new DelayedError();
    }
    const isLast = isPermanent(error) || job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
    const line = isLast ? "A chunk failed for good" : "A chunk failed and is retried";
    deps.log.error(line, { ...fields, attempt: job.attemptsMade + 1, ...errorFields(error) });
    deps.metrics.count("BulkChunksFailed", isLast ? 1 : 0);
    if (isPermanent(error)) throw new UnrecoverableError(errorFields(error).reason);
    throw error;
  }
  deps.metrics.count("BulkChunksProcessed", 1);
}

function isThrottled(error: unknown): boolean {
  return error instanceof EmbeddingThrottledError || error instanceof IndexThrottledError;
}

/** Recurs on every attempt: the source is another by now, or reads in another way. */
function isPermanent(error: unknown): boolean {
  return (
    error instanceof InputError || error instanceof SourceChangedError || error instanceof RowsDisagreeError
  );
}
