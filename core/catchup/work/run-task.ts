import { EmbeddingThrottledError } from "../../embedding/embedding-errors.ts";
import type { Log } from "../../log.ts";
import { linkToCauses } from "../../tracing/span.ts";
import { InputError } from "../../vectorkeep-error.ts";
import { IndexThrottledError } from "../index/index-errors.ts";
import { type PlanDeps, planOf } from "../sources/make-plan.ts";
import type { Chunk, Plan } from "../sources/plan.ts";
import { readChunks } from "../sources/stored-plan.ts";
import { isOpen, type Task } from "../tasks/task.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import type { ChunkDispatcher } from "./chunk-dispatcher.ts";
import { type RunChunkDeps, runChunk } from "./run-chunk.ts";
import { failTask, type SettleDeps, settleTask } from "./settle-task.ts";

export interface RunTaskDeps extends PlanDeps, RunChunkDeps, SettleDeps {
  readonly tasks: TaskStore;
  readonly dispatcher: ChunkDispatcher;
  /** A function processes no task with more rows, and workers have none processed by it. */
  readonly rowsPerFunction: number;
  readonly log: Log;
}

/** Epoch milliseconds. */
export interface TimeLimits {
  /** When this invocation must not begin another chunk. */
  readonly enoughUntil: number;
  /** When the last retry of this invocation has surely ended. */
  readonly aliveUntil: number;
}

/**
 * Plans a task and has it processed: here, where it is small, else by the dispatcher, which also takes over what a
 * function has no time for. To run a task again is harmless at any point. What the request itself is to blame for
 * ends the task before it is planned; all else is thrown, and tried again by the platform (F19).
 */
export async function runTask(taskId: string, deps: RunTaskDeps, limits: TimeLimits): Promise<void> {
  const task = await begin(taskId, deps, limits);
  if (!task) return;
  linkToCauses([task.traceparent]);
  const plan = await plannedOrFailed(task, deps);
  if (!plan) return;
  await deps.tasks.change(taskId, { rows: plan.rows, chunks: plan.chunks });
  const done = isForFunction(task, plan, deps) && (await runHere(task, plan, deps, limits));
  if (done || plan.chunks === 0) await settleTask(taskId, deps);
  else await handOver(taskId, plan, deps);
}

/**
 * Undefined where the request is to blame, which ends the task. Once there is a plan, every row of it is accounted for, and
 * no failure ends the task but by settling it.
 */
async function plannedOrFailed(
  { task_id: taskId, request }: Task,
  deps: RunTaskDeps,
): Promise<Plan | undefined> {
  try {
    return await planOf(taskId, request, deps);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    await failTask(taskId, error.message, deps);
    return undefined;
  }
}

/** Undefined where there is nothing to do any more. */
async function begin(
  taskId: string,
  { tasks, log }: RunTaskDeps,
  { aliveUntil }: TimeLimits,
): Promise<Task | undefined> {
  const task = await tasks.get(taskId);
  if (!task || !isOpen(task.status)) {
    log.info("The task has ended or was deleted", { task_id: taskId, status: task?.status });
    return undefined;
  }
  const begun = await tasks.change(taskId, {
    status: "IN_PROGRESS",
    started_at: task.started_at ?? new Date().toISOString(),
    alive_until: aliveUntil,
  });
  return begun ? task : undefined;
}

function isForFunction(
  { request }: Task,
  { rows }: Plan,
  { dispatcher, rowsPerFunction }: RunTaskDeps,
): boolean {
  if (dispatcher.kind === "workers") return false;
  return request.host === "auto" ? rows <= rowsPerFunction : request.host === "function";
}

/**
 * Whether all chunks were worked on, or the task was cancelled; false when the time ran out before. One after another: two
 * at once took more than 512 MB.
 */
async function runHere(
  { task_id: taskId }: Task,
  plan: Plan,
  deps: RunTaskDeps,
  { enoughUntil }: TimeLimits,
): Promise<boolean> {
  const left: Chunk[] = [];
  for (const chunk of await readChunks(plan, deps.work)) {
    if (Date.now() >= enoughUntil || !(await isDone(taskId, chunk, deps))) left.push(chunk);
  }
  return left.length === 0;
}

/** False where a provider's limit left no time for it, which is no failure (F23). */
async function isDone(taskId: string, chunk: Chunk, deps: RunTaskDeps): Promise<boolean> {
  try {
    await runChunk({ taskId, chunk }, deps);
    return true;
  } catch (error) {
    if (error instanceof EmbeddingThrottledError || error instanceof IndexThrottledError) return false;
    throw error;
  }
}

async function handOver(taskId: string, plan: Plan, { dispatcher, tasks, log }: RunTaskDeps): Promise<void> {
  const { kind } = dispatcher;
  const id = await dispatcher.start(taskId, plan);
  // A task that was cancelled in between had nothing to stop yet.
  if (await tasks.change(taskId, { worked_on_by: { kind, id } })) {
    log.info("Chunks dispatched", { task_id: taskId, host: kind, execution_arn: id });
  } else {
    await dispatcher.stop(id);
  }
}
