import { errorFields, type Log } from "../../log.ts";
import { inParallel } from "../../resilience/in-parallel.ts";
import { VectorkeepError } from "../../vectorkeep-error.ts";
import type { OpenTasks } from "../tasks/open-tasks.ts";
import { isOpen, type Task } from "../tasks/task.ts";
import type { TaskStore } from "../tasks/task-store.ts";
import { type ChunkDispatcher, isFor } from "./chunk-dispatcher.ts";
import { type StartForgottenDeps, startForgotten } from "./start-forgotten.ts";

/** DescribeExecution is limited to 15 calls per second and account. */
const tasksAtOnce = 4;

export interface WatchDeps extends StartForgottenDeps {
  readonly openTasks: Pick<OpenTasks, "pages">;
  readonly tasks: Pick<TaskStore, "get" | "change">;
  /** Tasks of the other kind are left to that kind's watch. */
  readonly kind: ChunkDispatcher["kind"];
  /** Whether a task is open and has a worker. */
  isWorkedOn(task: Task): Promise<boolean>;
  /** Settles a task without a worker, or dispatches it again, asynchronously. Idempotent. */
  settle(taskId: string): Promise<void>;
  /** Longer than all attempts to settle a task take. */
  readonly settlingMs: number;
  /** Epoch milliseconds. */
  now(): number;
  readonly log: Log;
}

/** Some open tasks could not be checked, settled or started. */
export class WatchIncompleteError extends VectorkeepError {
  constructor(reasons: readonly string[]) {
    super(
      `The watch of open tasks is incomplete; ${reasons.length} failed, the first with: ${reasons[0]}.`,
      "The next watch retries. If it persists, check the permissions of the watch and the services that it calls.",
    );
  }
}

/**
 * Settles every open task without a worker, and starts every task whose start was lost (F21). There is no checkpoint:
 * each watch reads all open tasks, and watches may overlap, because settling and starting are idempotent. Begins no
 * page after `until` (epoch milliseconds). A failing task does not affect the others. Throws WatchIncompleteError.
 */
export async function watchTasks(deps: WatchDeps, until: number): Promise<void> {
  const failures: string[] = [];
  const note = (error: unknown, taskId?: string) => {
    const { error_name, reason } = errorFields(error);
    failures.push(`${error_name}: ${reason}`);
    deps.log.error("An open task could not be checked", { task_id: taskId, ...errorFields(error) });
  };
  let [open, settled, started] = [0, 0, 0];
  for await (const tasks of deps.openTasks.pages(note, deps.now())) {
    if (deps.now() >= until) {
      failures.push("the time ran out before all tasks were read");
      break;
    }
    const own = tasks.filter((task) => isFor(deps.kind, task));
    open += own.length;
    await inParallel(own, tasksAtOnce, async (task) => {
      // The task is being settled. Without this check, a settle that keeps failing would be invoked every minute.
      if (deps.now() <= (task.settling_until ?? 0)) return;
      try {
        if (await settleIfDead(task, deps)) settled += 1;
        else if (await startForgotten(task, deps, deps.now())) started += 1;
      } catch (error) {
        note(error, task.task_id);
      }
    });
  }
  deps.log.info("Open tasks checked", { open, settled, started });
  if (failures.length > 0) throw new WatchIncompleteError(failures);
}

/** Resolves to whether this call invoked settle. */
async function settleIfDead(seen: Task, deps: WatchDeps): Promise<boolean> {
  const { tasks, isWorkedOn, settle, settlingMs, now, log } = deps;
  if (await isWorkedOn(seen)) return false;
  // The index is eventually consistent: the task may have got a new worker, or have ended.
  const task = await tasks.get(seen.task_id, now());
  if (!task || !isOpen(task.status) || (await isWorkedOn(task))) return false;
  log.warn("An open task has no worker; it is settled", { task_id: task.task_id });
  await settle(task.task_id);
  // Written after the invocation, so that after a crash in between settle is invoked twice instead of never.
  await tasks.change(task.task_id, { settling_until: now() + settlingMs });
  return true;
}
