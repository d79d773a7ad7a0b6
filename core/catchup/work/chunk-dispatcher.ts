import type { Plan } from "../sources/plan.ts";
import type { Task, WorkedOnBy } from "../tasks/task.ts";

/** Has the chunks of a planned task processed and then settled: by Step Functions, or by the workers of the bulk API. */
export interface ChunkDispatcher {
  readonly kind: WorkedOnBy["kind"];
  /** Returns the id of what processes the task. Starting a task again returns the same id. */
  start(taskId: string, plan: Plan): Promise<string>;
  /** Whether there was anything to stop makes no difference. */
  stop(id: string): Promise<void>;
  isRunning(id: string): Promise<boolean>;
}

/** Whether a task is for this kind of dispatcher; the watch of one kind leaves tasks of the other alone. */
export function isFor(kind: WorkedOnBy["kind"], { request }: Pick<Task, "request">): boolean {
  return (request.host === "workers") === (kind === "workers");
}
