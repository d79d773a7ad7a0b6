import { EmbeddingThrottledError } from "../../embedding/embedding-errors.ts";
import { errorFields, type Log } from "../../log.ts";
import { linkToCauses } from "../../tracing/span.ts";
import { InputError } from "../../vectorkeep-error.ts";
import { writeUnits } from "../batch/batch-units.ts";
import { type BatchLane, chooseLane } from "../batch/choose-lane.ts";
import { IndexThrottledError } from "../index/index-errors.ts";
import { requireModel } from "../namespaces/require-model.ts";
import { type PlanDeps, planOf } from "../sources/make-plan.ts";
import type { Chunk, Plan } from "../sources/plan.ts";
import { readChunks } from "../sources/stored-plan.ts";
import { isOpen, type Task } from "../tasks/task.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import type { ChunkDispatcher } from "./chunk-dispatcher.ts";
import { type RunChunkDeps, runChunk } from "./run-chunk.ts";
import { failTask, type SettleDeps, settleTask } from "./settle-task.ts";
import { stopTask } from "./stop-task.ts";

export interface RunTaskDeps extends PlanDeps, RunChunkDeps, SettleDeps {
  readonly tasks: TaskStore;
  readonly dispatcher: ChunkDispatcher;
  /** Maximum number of rows for a task that a function processes itself. Not used with workers. */
  readonly rowsPerFunction: number;
  /** Not used with workers, which pay at once. */
  readonly batches?: BatchLane | undefined;
  readonly log: Log;
}

/** Epoch milliseconds. */
export interface TimeLimits {
  /** The time after which this invocation must not begin another chunk. */
  readonly enoughUntil: number;
  /** The time by which the last retry of this invocation has certainly ended. */
  readonly aliveUntil: number;
}

/**
 * Plans a task and processes it: here if it is small, otherwise through the dispatcher, which also takes over when a
 * function runs out of time. Idempotent at any point. An error that the request itself causes ends the task before it
 * is planned; any other is thrown and retried by the platform (F19).
 */
export async function runTask(taskId: string, deps: RunTaskDeps, limits: TimeLimits): Promise<void> {
  const task = await begin(taskId, deps, limits);
  if (!task) return;
  linkToCauses([task.traceparent]);
  const plan = await plannedOrFailed(task, deps);
  if (!plan) return;
  if (!(await namespacesFit(task, plan, deps))) return;
  await deps.tasks.change(taskId, { rows: plan.rows, chunks: plan.chunks });
  if (plan.chunks === 0) return settleTask(taskId, deps);
  const chunks = await readChunks(plan, deps.work);
  if ((await laneOf(task, chunks, deps)) === "batch") {
    return handOver(taskId, plan, deps, await writeUnits(taskId, plan, chunks, deps.work));
  }
  const done = isForFunction(task, plan, deps) && (await runHere(task, chunks, deps, limits));
  return done ? settleTask(taskId, deps) : handOver(taskId, plan, deps);
}

/** Decided once, so that a retry of this function does not pay a batch's texts at once. */
async function laneOf(task: Task, chunks: readonly Chunk[], deps: RunTaskDeps): Promise<"sync" | "batch"> {
  if (task.lane !== undefined) return task.lane;
  const lane = await chooseLane(task.request, chunks, deps);
  if (task.request.lane !== undefined) await deps.tasks.change(task.task_id, { lane });
  return lane;
}

/**
 * Resolves to undefined if the request is at fault, which ends the task. Once a plan exists, every row must be
 * accounted for, so a failure ends the task only by settling it.
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

/**
 * Resolves to false, and ends the task, if its model does not fit a namespace that the plan names. Each chunk checks its own
 * namespaces again, so an outage does not matter here.
 */
async function namespacesFit(
  { task_id: taskId, request }: Task,
  { namespaces = [] }: Plan,
  deps: RunTaskDeps,
): Promise<boolean> {
  if (request.dry_run) return true;
  try {
    await requireModel(namespaces, await deps.embedderOf(request.model), deps);
    return true;
  } catch (error) {
    if (await stopTask(taskId, error, deps)) return false;
    deps.log.warn("The namespaces of a task could not be checked", {
      task_id: taskId,
      ...errorFields(error),
    });
    return true;
  }
}

/** Resolves to undefined if there is nothing left to do. */
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
 * Resolves to true if all chunks were processed or the task was cancelled, and to false if time ran out. Processes one
 * chunk at a time: two needed more than 512 MB.
 */
async function runHere(
  { task_id: taskId }: Task,
  chunks: readonly Chunk[],
  deps: RunTaskDeps,
  { enoughUntil }: TimeLimits,
): Promise<boolean> {
  const left: Chunk[] = [];
  for (const chunk of chunks) {
    if (Date.now() >= enoughUntil || !(await isDone(taskId, chunk, deps))) left.push(chunk);
  }
  return left.length === 0;
}

/** Resolves to false if a provider's rate limit left no time, which is not a failure (F23). */
async function isDone(taskId: string, chunk: Chunk, deps: RunTaskDeps): Promise<boolean> {
  try {
    await runChunk({ taskId, chunk }, deps);
    return true;
  } catch (error) {
    if (error instanceof EmbeddingThrottledError || error instanceof IndexThrottledError) return false;
    throw error;
  }
}

async function handOver(
  taskId: string,
  plan: Plan,
  { dispatcher, tasks, log }: RunTaskDeps,
  unitsKey?: string,
): Promise<void> {
  const { kind } = dispatcher;
  const id = await dispatcher.start(taskId, plan, unitsKey);
  // The task was cancelled in between, when there was nothing to stop yet.
  if (await tasks.change(taskId, { worked_on_by: { kind, id } })) {
    log.info("Chunks dispatched", { task_id: taskId, host: kind, execution_arn: id });
  } else {
    await dispatcher.stop(id);
  }
}
