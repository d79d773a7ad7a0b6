import { type Job, WaitingChildrenError } from "bullmq";
import { type PreflightDeps, preflight } from "../../catchup/preflight/preflight.ts";
import { type RunTaskDeps, runTask } from "../../catchup/work/run-task.ts";
import { failTask, settleTask } from "../../catchup/work/settle-task.ts";
import { errorFields } from "../../log.ts";
import { type TaskJob, taskJob } from "../broker/jobs.ts";

/** A task that is being planned is taken for abandoned after this time if its job is gone. */
const plannedWithinMs = 15 * 60_000;

export type TaskProcessorDeps = RunTaskDeps & PreflightDeps;

/**
 * Processes the job of a task: checks and plans it, dispatches its chunks, gives its worker back while they are processed,
 * and settles it. Idempotent at any point. Throws WaitingChildrenError, which is how BullMQ is told to wait.
 */
export async function processTask(job: Job<TaskJob>, token: string, deps: TaskProcessorDeps): Promise<void> {
  const { task_id: taskId, step } = taskJob.parse(job.data);
  try {
    if (step === "dispatch") {
      if (!(await passesPreflight(taskId, deps))) return;
      await runTask(taskId, deps, { enoughUntil: 0, aliveUntil: Date.now() + plannedWithinMs });
      await job.updateData({ task_id: taskId, step: "settle" });
    }
    if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
    await settleTask(taskId, deps);
  } catch (error) {
    if (error instanceof WaitingChildrenError || !isLast(job)) throw error;
    await failUnplanned(taskId, deps);
    deps.log.error("The job of a task failed for good", { task_id: taskId, ...errorFields(error) });
    throw error;
  }
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
