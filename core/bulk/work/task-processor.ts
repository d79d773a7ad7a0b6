import { type Job, WaitingChildrenError, type Worker } from "bullmq";
import { type PreflightDeps, preflight } from "../../catchup/preflight/preflight.ts";
import { type RunTaskDeps, runTask } from "../../catchup/work/run-task.ts";
import { failTask, settleTask } from "../../catchup/work/settle-task.ts";
import { errorFields } from "../../log.ts";
import type { Broker } from "../broker/broker.ts";
import { settledFirst, type TaskJob, taskJob } from "../broker/jobs.ts";
import type { ChunkProcessorDeps } from "./chunk-processor.ts";
import { deferred, deferUntil } from "./deferral.ts";

/** A task that is being planned is taken for abandoned after this time if its job is gone. */
const plannedWithinMs = 15 * 60_000;

/** As many processes may be killed while they plan or settle a task; the next ones would be too. */
const maxBroken = 5;

export type TaskProcessorDeps = RunTaskDeps & PreflightDeps & ChunkProcessorDeps;

/** One task may be planned for long while another is settled. */
const tasksAtOnce = 2;

/** What a process plans and settles tasks by. */
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
 * Processes the job of a task: checks and plans it, dispatches its chunks, gives its worker back while they are processed,
 * and settles it. Idempotent at any point. Throws WaitingChildrenError, which is how BullMQ is told to wait.
 */
export async function processTask(job: Job<TaskJob>, token: string, deps: TaskProcessorDeps): Promise<void> {
  const { task_id: taskId, step } = taskJob.parse(job.data);
  try {
    if (step === "dispatch") {
      if (!(await bounded(taskId, "planned", deps, () => plan(taskId, deps)))) return;
      await job.updateData({ task_id: taskId, step: "settle" });
      // What is left takes a moment, and a task that is processed is not to wait behind one that is planned for an hour.
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
    deps.log.error("The job of a task failed for good", { task_id: taskId, ...errorFields(error) });
    throw error;
  }
}

/**
 * Does the work unless too many processes were killed in it, which fails the task: repeated for ever, it would take a worker
 * away from all other tasks each time. False where there is nothing left to do.
 */
async function bounded(
  taskId: string,
  done: "planned" | "settled",
  deps: TaskProcessorDeps,
  work: () => Promise<boolean>,
): Promise<boolean> {
  const broken = (await deps.tasks.get(taskId))?.broken_attempts ?? 0;
  if (broken >= maxBroken) {
    const why = `The worker was killed in ${broken} consecutive attempts while the task was ${done}, most likely for want of memory (bulk:workerMemoryMiB).`;
    await failTask(taskId, why, deps);
    return false;
  }
  if (!(await deps.tasks.change(taskId, { broken_attempts: broken + 1 }))) return false;
  // An attempt that failed in an orderly way has its own bound.
  const forget = () => deps.tasks.change(taskId, { broken_attempts: 0 });
  const isDone = await work().catch(async (error: unknown) => {
    // What the work ends with may tell the broker what to do with the job: a table that does not answer must not hide it.
    await forget().catch(() => undefined);
    throw error;
  });
  await forget();
  return isDone;
}

/** False where the task has failed. */
async function plan(taskId: string, deps: TaskProcessorDeps): Promise<boolean> {
  if (!(await passesPreflight(taskId, deps))) return false;
  await runTask(taskId, deps, { enoughUntil: 0, aliveUntil: Date.now() + plannedWithinMs });
  return true;
}

function isLast({ attemptsMade, opts }: Job): boolean {
  return attemptsMade + 1 >= (opts.attempts ?? 1);
}

/** Once there is a plan, every row is accounted for, and no failure ends a task but by settling it. */
async function failUnplanned(taskId: string, deps: TaskProcessorDeps): Promise<void> {
  const task = await deps.tasks.get(taskId);
  if (task?.rows !== undefined) return;
  await failTask(taskId, "The task could not be planned; the log of the bulk worker says why.", deps);
}

/** Of a task that has not begun: a second embedding of one word per retry would tell nothing new. */
async function passesPreflight(taskId: string, deps: TaskProcessorDeps): Promise<boolean> {
  const task = await deps.tasks.get(taskId);
  if (task?.status !== "PENDING") return true;
  const problems = await preflight(task.request, deps);
  if (problems.length === 0) return true;
  await failTask(taskId, problems.map(({ problem }) => problem).join(" "), deps);
  return false;
}
