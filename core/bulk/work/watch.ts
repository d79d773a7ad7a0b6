import type { OpenTasks } from "../../catchup/tasks/open-tasks.ts";
import { isOpen } from "../../catchup/tasks/task.ts";
import type { TaskStore } from "../../catchup/tasks/task-store.ts";
import { watchTasks } from "../../catchup/work/watch-tasks.ts";
import type { Log } from "../../log.ts";
import { taskJobId } from "../broker/jobs.ts";
import type { WatchLease } from "./watch-lease.ts";
import type { WorkerJobs } from "./worker-jobs.ts";

/** The minimum delay before a task is dispatched again, because its job may just be being added. */
const againMs = 20_000;
/** A watch that takes longer continues with the next one. */
const watchWithinMs = 60_000;

export interface BulkWatchDeps {
  readonly openTasks: OpenTasks;
  readonly tasks: TaskStore;
  readonly jobs: Pick<WorkerJobs, "isRunning" | "restart">;
  readonly log: Log;
}

export interface WatchTurnDeps extends BulkWatchDeps {
  readonly lease: Pick<WatchLease, "take">;
  readonly workerId: string;
  readonly everyMs: number;
}

/** Watches the open tasks unless a worker has done so within the interval. */
export async function watchInTurn({ lease, workerId, everyMs, ...deps }: WatchTurnDeps): Promise<void> {
  if (await lease.take(workerId, everyMs)) await watchBulkTasks(deps);
}

/** Dispatches every open task of the bulk API for which the broker has no job, because it was lost or never added. */
export async function watchBulkTasks({ openTasks, tasks, jobs, log }: BulkWatchDeps): Promise<void> {
  const restart = (taskId: string) => jobs.restart(taskId);
  const deps = {
    openTasks,
    tasks,
    kind: "workers" as const,
    isWorkedOn: async ({ task_id, status }: { task_id: string; status: Parameters<typeof isOpen>[0] }) =>
      isOpen(status) && (await jobs.isRunning(taskJobId(task_id))),
    start: restart,
    settle: restart,
    settlingMs: againMs,
    now: Date.now,
    log,
  };
  await watchTasks(deps, Date.now() + watchWithinMs);
}
