import type { Metrics } from "../../metrics.ts";
import { type ChunkServices, processChunk } from "../chunks/process-chunk.ts";
import { readPlan } from "../sources/make-plan.ts";
import type { Chunk, Plan } from "../sources/plan.ts";
import type { ChunkCounts } from "../tasks/chunk-counts.ts";
import { isOpen } from "../tasks/task.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import { ChunkProgress } from "./chunk-progress.ts";
import { PlanMissing } from "./settle-task.ts";
import { stopTask } from "./stop-task.ts";

export interface RunChunkServices extends ChunkServices {
  readonly tasks: TaskStore;
  readonly chunkCounts: ChunkCounts;
  readonly metrics: Metrics;
}

/**
 * Works on one chunk of a task, unless the task is over, and sets its counts. Nothing is returned: a state machine that
 * collected answers would grow with the chunks (F22). A refusal that every record would meet ends the task. Throws what else
 * processChunk throws.
 */
export async function runChunk(
  { taskId, chunk }: { readonly taskId: string; readonly chunk: Chunk },
  services: RunChunkServices,
): Promise<void> {
  const task = await services.tasks.get(taskId);
  if (!task || !isOpen(task.status)) return;
  const plan = await knownPlan(taskId, services);
  const progress = new ChunkProgress((underWay) =>
    services.chunkCounts.report(taskId, chunk.chunk, underWay, task.expires_at),
  );
  const work = { taskId, chunk, plan, request: task.request };
  const counts = await processChunk(work, services, (done) => progress.add(done)).catch(
    async (failure: unknown) => {
      if (await stopTask(taskId, failure, services)) return undefined;
      throw failure;
    },
  );
  if (counts === undefined) return;
  await services.chunkCounts.set(taskId, chunk.chunk, counts, task.expires_at);
  services.log.info("Chunk done", { taskId, chunk: chunk.chunk, ...counts });
}

let lastPlan: { readonly taskId: string; readonly plan: Plan } | undefined;

/** A plan never changes, and a warm process mostly works on chunks of one task. */
async function knownPlan(taskId: string, { work }: RunChunkServices): Promise<Plan> {
  if (lastPlan?.taskId === taskId) return lastPlan.plan;
  const plan = await readPlan(taskId, work);
  if (!plan) throw new PlanMissing(taskId);
  lastPlan = { taskId, plan };
  return plan;
}
