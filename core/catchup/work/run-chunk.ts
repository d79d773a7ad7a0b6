import type { Embedder } from "../../embedding/embedder.ts";
import type { Metrics } from "../../metrics.ts";
import { inSpan, linkToCauses } from "../../tracing/span.ts";
import { type ChunkDeps, type ChunkWork, processChunk, type Report } from "../chunks/process-chunk.ts";
import type { Chunk, Plan } from "../sources/plan.ts";
import { PlanMissingError, readPlan } from "../sources/stored-plan.ts";
import type { ChunkCounts } from "../tasks/chunk-counts.ts";
import type { Counts } from "../tasks/counts.ts";
import { isOpen } from "../tasks/task.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import { ChunkProgress } from "./chunk-progress.ts";
import { PlanCache } from "./plan-cache.ts";
import { stopTask } from "./stop-task.ts";

export interface RunChunkDeps extends Omit<ChunkDeps, "embedder"> {
  readonly embedderOf: EmbedderOf;
  readonly tasks: TaskStore;
  readonly chunkCounts: ChunkCounts;
  readonly metrics: Metrics;
}

/**
 * The embedder of a model that a request names; undefined is the model of the stack. Rejects with ModelMissingError.
 */
export type EmbedderOf = (model: string | undefined) => Promise<Embedder>;

interface NumberedChunk {
  readonly taskId: string;
  readonly chunk: Chunk;
}

/**
 * Processes one chunk of a task, unless the task has ended, and sets its counts. Resolves to nothing, because a state
 * machine that collected results would grow with the number of chunks (F22). An error that would fail every record ends
 * the task; all others are thrown.
 */
export function runChunk(work: NumberedChunk, deps: RunChunkDeps): Promise<void> {
  const attributes = { task_id: work.taskId, chunk: work.chunk.chunk };
  return inSpan("catchup.chunk", attributes, () => runTracedChunk(work, deps));
}

async function runTracedChunk({ taskId, chunk }: NumberedChunk, deps: RunChunkDeps): Promise<void> {
  const task = await deps.tasks.get(taskId);
  if (!task || !isOpen(task.status)) return;
  linkToCauses([task.traceparent]);
  const plan = await knownPlan(taskId, deps);
  const progress = new ChunkProgress((underWay) =>
    deps.chunkCounts.report(taskId, chunk.chunk, underWay, task.expires_at),
  );
  const work = { taskId, chunk, plan, request: task.request };
  const counts = await processTaskChunk(work, deps, (done) => progress.add(done)).catch(
    async (failure: unknown) => {
      if (await stopTask(taskId, failure, deps)) return undefined;
      throw failure;
    },
  );
  if (counts === undefined) return;
  await deps.chunkCounts.set(taskId, chunk.chunk, counts, task.expires_at);
  deps.log.info("Chunk done", { task_id: taskId, chunk: chunk.chunk, ...counts });
}

async function processTaskChunk(work: ChunkWork, deps: RunChunkDeps, report: Report): Promise<Counts> {
  const embedder = await deps.embedderOf(work.request.model);
  return processChunk(work, { ...deps, embedder }, report);
}

const plans = new PlanCache();

/** Cached, because a process may process chunks of several tasks in turn. */
async function knownPlan(taskId: string, { work }: RunChunkDeps): Promise<Plan> {
  const plan = await plans.get(taskId, () => readPlan(taskId, work));
  if (!plan) throw new PlanMissingError(taskId);
  return plan;
}
