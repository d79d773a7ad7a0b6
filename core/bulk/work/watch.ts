import type { OpenTasks } from "../../catchup/tasks/open-tasks.ts";
import { isOpen } from "../../catchup/tasks/task.ts";
import type { TaskStore } from "../../catchup/tasks/task-store.ts";
import { watchTasks } from "../../catchup/work/watch-tasks.ts";
import type { Log } from "../../log.ts";
import { taskJobId } from "../broker/jobs.ts";
import type { WorkerJobs } from "./worker-jobs.ts";

/** A task is not dispatched again sooner: its job may just be added. */
const againMs = 20_000;
/** A watch that takes longer goes on with the next one. */
const watchWithinMs = 60_000;

export interface BulkWatchDeps {
  readonly openTasks: OpenTasks;
  readonly tasks: TaskStore;
  readonly jobs: WorkerJobs;
  readonly log: Log;
}

/** Dispatches every open task of the bulk API whose job the broker does not have: it was lost, or never got there. */
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
