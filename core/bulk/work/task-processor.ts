import { type Job, WaitingChildrenError, type Worker } from "bullmq";
import { type PreflightDeps, preflight } from "../../catchup/preflight/preflight.ts";
import { type RunTaskDeps, runTask } from "../../catchup/work/run-task.ts";
import { failTask, settleTask } from "../../catchup/work/settle-task.ts";
import { errorFields } from "../../log.ts";
import type { Broker } from "../broker/broker.ts";
import { settledFirst, type TaskJob, taskJob } from "../broker/jobs.ts";
import type { ChunkProcessorDeps } from "./chunk-processor.ts";
import { deferred, deferUntil } from "./deferral.ts";

/** A task in planning whose job is gone counts as abandoned after this time. */
const plannedWithinMs = 15 * 60_000;

/**
 * The maximum number of processes that may be killed while they plan or settle one task; the next ones would be killed
 * too.
 */
const maxBroken = 5;

export type TaskProcessorDeps = RunTaskDeps & PreflightDeps & ChunkProcessorDeps;

/** Planning may take long, so that a second task can be settled meanwhile. */
const tasksAtOnce = 2;

/** The BullMQ worker that plans and settles tasks. */
export function taskWorker(
  broker: Pick<Broker, "worker">,
  queue: string,
  process: (job: Job<TaskJob>, token: string) => Promise<void>,
): Worker<TaskJob> {
  return broker.worker<TaskJob>(queue, (job, token = "") => process(job, token), {
    concurrency: tasksAtOnce,
  });
}

/**
 * Processes the job of a task: checks and plans it, dispatches its chunks, frees its worker while they are processed,
 * and settles it. Idempotent at any point. Throws WaitingChildrenError, which tells BullMQ to wait.
 */
export async function processTask(job: Job<TaskJob>, token: string, deps: TaskProcessorDeps): Promise<void> {
  const { task_id: taskId, step } = taskJob.parse(job.data);
  try {
    if (step === "dispatch") {
      if (!(await bounded(taskId, "planned", deps, () => plan(taskId, deps)))) return;
      await job.updateData({ task_id: taskId, step: "settle" });
      // Settling is short, so that it must not wait behind a task whose planning takes an hour.
      await job.changePriority({ priority: settledFirst });
    }
    if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
    await bounded(taskId, "settled", deps, async () => {
      await settleTask(taskId, deps);
      return true;
    });
  } catch (error) {
    if (error instanceof WaitingChildrenError) throw error;
    const until = deferUntil(error);
    if (until !== undefined) throw await deferred(job, token, until);
    if (!isLast(job)) throw error;
    await failUnplanned(taskId, deps);
    deps.log.error("The job of a task failed permanently", { task_id: taskId, ...errorFields(error) });
    throw error;
  }
}

/**
 * Runs the work unless too many processes were killed in it. The task fails then, because endless retries would occupy
 * a worker each time. Returns false if nothing is left to do.
 */
async function bounded(
  taskId: string,
  done: "planned" | "settled",
  deps: TaskProcessorDeps,
  work: () => Promise<boolean>,
): Promise<boolean> {
  const broken = (await deps.tasks.get(taskId))?.broken_attempts ?? 0;
  if (broken >= maxBroken) {
    const why = `The worker was killed in ${broken} consecutive attempts while the task was ${done}, most likely because it ran out of memory (bulk:workerMemoryMiB).`;
    await failTask(taskId, why, deps);
    return false;
  }
  if (!(await deps.tasks.change(taskId, { broken_attempts: broken + 1 }))) return false;
  // An attempt that ended with an error is bounded by the retries of the job.
  const forget = () => deps.tasks.change(taskId, { broken_attempts: 0 });
  const isDone = await work().catch(async (error: unknown) => {
    // The error of the work may tell the broker how to continue with the job, so that an error of the table must not
    // hide it.
    await forget().catch(() => undefined);
    throw error;
  });
  await forget();
  return isDone;
}

/** Returns false if the task has failed. */
async function plan(taskId: string, deps: TaskProcessorDeps): Promise<boolean> {
  if (!(await passesPreflight(taskId, deps))) return false;
  await runTask(taskId, deps, { enoughUntil: 0, aliveUntil: Date.now() + plannedWithinMs });
  return true;
}

function isLast({ attemptsMade, opts }: Job): boolean {
  return attemptsMade + 1 >= (opts.attempts ?? 1);
}

/**
 * Fails a task without a plan. Once there is a plan every row must be accounted for, so that only settling ends the
 * task.
 */
async function failUnplanned(taskId: string, deps: TaskProcessorDeps): Promise<void> {
  const task = await deps.tasks.get(taskId);
  if (task?.rows !== undefined) return;
  await failTask(taskId, "The task could not be planned; the log of the bulk worker says why.", deps);
}

/**
 * Runs the preflight only before the first attempt, because each one embeds a text and retries would not learn anything
 * new.
 */
async function passesPreflight(taskId: string, deps: TaskProcessorDeps): Promise<boolean> {
  const task = await deps.tasks.get(taskId);
  if (task?.status !== "PENDING") return true;
  const problems = await preflight(task.request, deps);
  if (problems.length === 0) return true;
  await failTask(taskId, problems.map(({ problem }) => problem).join(" "), deps);
  return false;
}
